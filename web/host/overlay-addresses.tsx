import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { unlessRefused } from "../chat/reason.ts";
import { CopyButton } from "../copy-button.tsx";
import { bindSignal, updaterOf } from "../draft.ts";
import { dateTimeOf } from "../formats.ts";
import { useDraft } from "../kept-drafts.ts";
import { ConfirmButton, ErrorText, type Host, LoadingRows, useAction } from "./action.tsx";
import { Field, Select } from "./fields.tsx";

type Key = CallResult<"GET /api/v1/channel/overlay-keys">["list"][number];

const route = "/api/v1/channel/overlay-keys" as const;
/** The maximum per channel, so one page contains them all. */
const keysMax = 20;

const themes = { dark: "Light text", light: "Dark text", panel: "Panel" };
const positions = { left: "Left", center: "Center", right: "Right" };
const sizes = { "": "Automatic", "20": "Small", "28": "Medium", "40": "Large" };
const fades = { "10": "10 s", "30": "30 s", "120": "2 min", "0": "Never" };
type Look = {
  theme: keyof typeof themes;
  align: keyof typeof positions;
  font: keyof typeof sizes;
  fade: keyof typeof fades;
};
const choices: [name: string, field: keyof Look, titles: Record<string, string>][] = [
  ["Theme", "theme", themes],
  ["Position", "align", positions],
  ["Text size", "font", sizes],
  ["Fade after", "fade", fades],
];
const usual: Look = { theme: "dark", align: "left", font: "", fade: "30" };

/** The overlay settings that differ from the defaults. */
const queryOf = (look: Look) =>
  Object.entries(look)
    .filter(([name, value]) => value !== usual[name as keyof Look])
    .map(([name, value]) => `&${name}=${value}`)
    .join("");

/** Creates overlay URLs that show the host's newest live stream, and revokes earlier ones. */
export function OverlayAddresses({ host }: { host: Host }) {
  const keys = useSignal<readonly Key[] | undefined>(undefined);
  const made = useSignal<{ id: string; url: string | null } | undefined>(undefined);
  const name = useDraft("name of overlay URL", "");
  const look = useDraft<Look>("look of overlay URL", usual, true);
  const { act, forget, errorText, isBusy } = useAction();
  const turn = useRef(0);
  /** Reads the keys. Only the newest read counts: an earlier one may still list a revoked key. */
  const reload = async () => {
    const own = ++turn.current;
    const { list } = await host.call(`GET ${route}`, { query: { limit: keysMax } });
    if (own === turn.current) keys.value = list;
  };
  const read = () => {
    forget();
    void act(reload, "list");
  };
  useEffect(read, [host]);
  const create = async (key: string) => {
    const sent = name.peek();
    const description = sent.trim() || null;
    const { id, url } = await host.call(`POST ${route}`, { body: { description }, key });
    made.value = { id, url: url && new URL(url, location.href).href };
    if (name.peek() === sent) name.value = "";
    // Not awaited: the URL has been created even if this fails.
    void act(reload, id);
  };
  const revoke = (keyId: string) =>
    act(async () => {
      const revoked = host.call(`DELETE ${route}/{keyId}`, { path: { keyId } });
      await revoked.catch(unlessRefused("overlay_key_not_found"));
      if (made.peek()?.id === keyId) made.value = undefined;
      await reload();
    }, keyId);
  const alter = updaterOf(look);
  const query = queryOf(look.value);
  return (
    <>
      <p class="quiet">
        Chat and gifts over your video, for OBS. One URL always shows your current live stream.
      </p>
      <Preview look={look.value} />
      <div class="host-choices">
        {choices.map(([name, field, titles]) => (
          <Select<string>
            key={field}
            name={name}
            choices={titles}
            value={look.value[field]}
            change={(value) => alter({ [field]: value })}
          />
        ))}
      </div>
      <form
        class="host-line"
        aria-label="Create overlay URL"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void act(create, "", name.peek());
        }}
      >
        <Field name="Name" placeholder="Gaming PC" {...bindSignal(name)} />
        <button type="submit" class="button primary" aria-disabled={isBusy}>
          Create overlay URL
        </button>
        <a class="button" href={`/overlay?demo=1${query}`} target="_blank" rel="noreferrer">
          View demo
        </a>
      </form>
      <ErrorText text={errorText} retry={keys.value === undefined ? read : undefined} />
      {made.value && <Address url={made.value.url} query={query} />}
      {keys.value === undefined && errorText === "" && <LoadingRows />}
      {keys.value?.length === 0 && <p class="quiet">No overlay URLs yet</p>}
      <ul class="host-list" aria-label="Overlay URLs">
        {keys.value?.map(({ id, description, createdAt }) => (
          <li key={id}>
            <span class="host-names" id={id}>
              <bdi>{description ?? `Overlay ${id.slice(-4)}`}</bdi>
              <span class="quiet number">{dateTimeOf(createdAt)}</span>
            </span>
            <ConfirmButton verb="Revoke" about={id} act={() => void revoke(id)} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** A small preview of the overlay, over a picture. */
const Preview = ({ look: { theme, align, font } }: { look: Look }) => (
  <div
    class="host-preview"
    data-theme={theme}
    data-align={align}
    data-size={font}
    role="img"
    aria-label={`Preview: ${themes[theme]}, ${positions[align]}`}
  >
    <p>
      <b>Elif</b> sounds even better than last week
    </p>
    <p>
      <b>John</b> gave 3 × Rose
    </p>
    <p>
      <b>Noor</b> goosebumps
    </p>
  </div>
);

/** The full URL, which is shown only once; null if the response with it was lost. */
function Address({ url, query }: { url: string | null; query: string }) {
  if (url === null)
    return (
      <p class="bad" role="alert">
        The response was lost, so the URL cannot be shown. Revoke it and create another.
      </p>
    );
  return (
    <div class="host-address">
      <label>
        <span class="quiet">Overlay URL. It is shown only once; keep it secret.</span>
        <input
          class="input"
          readOnly
          value={url + query}
          onFocus={(event) => event.currentTarget.select()}
          spellcheck={false}
        />
      </label>
      <CopyButton text={url + query} class="button primary" />
    </div>
  );
}
