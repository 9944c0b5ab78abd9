import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { reasonOf } from "../chat/reason.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.ts";
import { asHost, streamId } from "./show.ts";

type Key = CallResult<"GET /api/v1/live-stream/{streamId}/overlay-keys">["list"][number];

const keysOf = "/api/v1/live-stream/{streamId}/overlay-keys" as const;
/** As many as a stream may have, so one page has them all. */
const keysMax = 20;
const dates = new Intl.DateTimeFormat("en", {
  ...{ dateStyle: "medium", timeStyle: "short", hourCycle: "h23" },
});

/** Creates overlay URLs for streaming software and revokes earlier ones. */
export function OverlayKeys({ close }: { close(): void }) {
  const keys = useSignal<Key[] | undefined>(undefined);
  const address = useSignal<string | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const path = { streamId: streamId.value };

  /** Runs an action as the host, reloads the list and shows an error. */
  const act = async (
    action: (host: NonNullable<ReturnType<typeof asHost>>) => Promise<unknown>,
  ) => {
    const host = asHost();
    if (host === undefined) return;
    try {
      await action(host);
      const found = await host.call(`GET ${keysOf}`, { path, query: { limit: keysMax } });
      keys.value = found.list;
      trouble.value = undefined;
    } catch (error) {
      trouble.value = reasonOf(error);
    }
  };
  useEffect(() => void act(async () => {}), []);
  const make = () =>
    act(async (host) => {
      const { url } = await host.call(`POST ${keysOf}`, { path, body: {} });
      address.value = url === null ? undefined : new URL(url, location.href).href;
    });
  const revoke = (keyId: string) =>
    act(async (host) => {
      await host.call(`DELETE ${keysOf}/{keyId}`, { path: { ...path, keyId } });
      if (address.value?.includes(keyId)) address.value = undefined;
    });

  return (
    <Dialog title="Overlay" kind="overlay" close={close}>
      <div class="overlay-lead">
        <p>
          Chat and gifts over your video: a transparent page for OBS. The key can only read this
          stream.
        </p>
        <button type="button" class="button primary" onClick={() => void make()}>
          <Icon name="overlay" /> Create overlay key
        </button>
      </div>
      {address.value !== undefined && <Address url={address.value} />}
      {trouble.value !== undefined && <p class="overlay-trouble bad">{trouble.value}</p>}
      <ul class="overlay-keys" aria-label="Overlay keys">
        {keys.value?.length === 0 && <li class="quiet">No overlay keys yet</li>}
        {keys.value?.map((key) => (
          <KeyRow key={key.id} made={key} revoke={() => void revoke(key.id)} />
        ))}
      </ul>
      <footer>
        <span class="quiet">Add it to OBS as a browser source.</span>
        <a class="button" href="/overlay?demo=1" target="_blank" rel="noreferrer">
          <Icon name="play" /> View demo
        </a>
      </footer>
    </Dialog>
  );
}

/** The full overlay URL, which is shown only once. */
function Address({ url }: { url: string }) {
  const isCopied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(url);
    isCopied.value = true;
  };
  return (
    <div class="overlay-address">
      <label>
        <span class="quiet">Overlay URL. It is shown only once; keep it secret.</span>
        <input
          readOnly
          value={url}
          onFocus={(event) => event.currentTarget.select()}
          spellcheck={false}
        />
      </label>
      <button type="button" class="button" onClick={() => void copy()}>
        <Icon name="copy" /> {isCopied.value ? "Copied" : "Copy"}
      </button>
    </div>
  );
}

/** Revoking stops overlays with this key, so it takes a second click. */
function KeyRow({ made, revoke }: { made: Key; revoke(): void }) {
  const isAsked = useSignal(false);
  return (
    <li>
      <span>
        {made.description ?? "Overlay"}
        <span class="quiet number">{dates.format(new Date(made.createdAt))}</span>
      </span>
      <button
        type="button"
        class={isAsked.value ? "button danger" : "button"}
        onBlur={() => {
          isAsked.value = false;
        }}
        onClick={() => {
          if (isAsked.value) revoke();
          else isAsked.value = true;
        }}
      >
        {isAsked.value ? "Confirm revoke" : "Revoke"}
      </button>
    </li>
  );
}
