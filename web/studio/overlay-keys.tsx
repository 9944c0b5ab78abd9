import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Answer } from "../../client/index.ts";
import { reasonOf } from "../chat/reason.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.ts";
import { asHost, streamId } from "./show.ts";

type Key = Answer<"GET /api/v1/live-stream/{streamId}/overlay-keys">["list"][number];

const keysOf = "/api/v1/live-stream/{streamId}/overlay-keys" as const;
/** As many as a stream may have, so one page has them all. */
const keysMax = 20;
const dates = new Intl.DateTimeFormat("en", {
  ...{ dateStyle: "medium", timeStyle: "short", hourCycle: "h23" },
});

/** Makes the address that goes into a streaming program, and revokes what was made before. */
export function OverlayKeys({ close }: { close(): void }) {
  const keys = useSignal<Key[] | undefined>(undefined);
  const address = useSignal<string | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const path = { streamId: streamId.value };

  /** Does something as the host, reads the list anew, and says what was refused. */
  const act = async (deed: (host: NonNullable<ReturnType<typeof asHost>>) => Promise<unknown>) => {
    const host = asHost();
    if (host === undefined) return;
    try {
      await deed(host);
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
          Chat and gifts over your own picture: a see-through page for OBS and the like. Its key
          reads this stream and nothing else.
        </p>
        <button type="button" class="button primary" onClick={() => void make()}>
          <Icon name="overlay" /> Make an overlay key
        </button>
      </div>
      {address.value !== undefined && <Address url={address.value} />}
      {trouble.value !== undefined && <p class="overlay-trouble bad">{trouble.value}</p>}
      <ul class="overlay-keys" aria-label="Overlay keys">
        {keys.value?.length === 0 && <li class="quiet">No keys yet.</li>}
        {keys.value?.map((key) => (
          <KeyRow key={key.id} made={key} revoke={() => void revoke(key.id)} />
        ))}
      </ul>
      <footer>
        <span class="quiet">Put it into OBS as a browser source.</span>
        <a class="button" href="/overlay?demo=1" target="_blank" rel="noreferrer">
          <Icon name="play" /> See the demo
        </a>
      </footer>
    </Dialog>
  );
}

/** The whole address: it is told this once. */
function Address({ url }: { url: string }) {
  const isCopied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(url);
    isCopied.value = true;
  };
  return (
    <div class="overlay-address">
      <label>
        <span class="quiet">Its address, shown this once. Keep it as you would a password.</span>
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

/** Whatever shows the stream with it stops, so it is asked once more. */
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
        {isAsked.value ? "Revoke for good" : "Revoke"}
      </button>
    </li>
  );
}
