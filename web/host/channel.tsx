import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { CallInput, CallResult } from "../../client/index.ts";
import { useDraft } from "../kept-drafts.ts";
import { Tabs } from "../tabs.tsx";
import { ErrorText, type Host, LoadingRows, useAction } from "./action.tsx";
import { ChannelBans } from "./bans.tsx";
import { ChatSettingsFields } from "./chat-settings.tsx";
import { Moderators } from "./moderators.tsx";
import { OverlayAddresses } from "./overlay-addresses.tsx";
import { TrainFields } from "./train.tsx";
import { BlockedWords } from "./words.tsx";

export type ChannelSettings = CallResult<"GET /api/v1/channel">;
type Change = CallInput<"PATCH /api/v1/channel">["body"];
/**
 * An edit of the settings, applied after earlier edits have been saved, and to what another tab has
 * saved meanwhile.
 */
type Edit = (channel: ChannelSettings) => Change;

const sections = [
  "Chat settings",
  "Moderators",
  "Blocked words",
  "Bans",
  "Hype train",
  "Overlay",
] as const;
export type Section = (typeof sections)[number];

type Props = { host: Host; first?: Section };

/** A host's channel: settings, moderators, blocked words, bans and overlay URLs. */
export function Channel({ host, first = "Chat settings" }: Props) {
  const section = useDraft<Section>("channel settings", first, true);
  const channel = useSignal<ChannelSettings | undefined>(undefined);
  const { act, forget, errorText } = useAction();
  const read = () => {
    forget();
    void act(async () => {
      channel.value = await host.call("GET /api/v1/channel");
    });
  };
  useEffect(read, [host]);
  const saved = useRef(Promise.resolve(true));
  const save = (edit: Edit) => {
    saved.current = saved.current.then(() =>
      act(async () => {
        const body = edit(await host.call("GET /api/v1/channel"));
        channel.value = await host.call("PATCH /api/v1/channel", { body });
      }),
    );
    return saved.current;
  };
  return (
    <div class="channel">
      <Tabs
        label="Channel"
        names={sections}
        value={section.value}
        change={(name) => {
          section.value = name;
          // The error belongs to the previous section.
          if (channel.value !== undefined) forget();
        }}
      />
      <section class="channel-body" role="tabpanel" aria-label={section.value}>
        <ErrorText text={errorText} retry={channel.value === undefined ? read : undefined} />
        {channel.value === undefined ? (
          errorText === "" && <LoadingRows />
        ) : (
          <Panel host={host} save={save} section={section.value} channel={channel.value} />
        )}
      </section>
    </div>
  );
}

type PanelProps = Pick<Props, "host"> & {
  section: Section;
  channel: ChannelSettings;
  save(edit: Edit): Promise<boolean>;
};

function Panel({ host, section, channel, save }: PanelProps) {
  if (section === "Bans") return <ChannelBans host={host} />;
  if (section === "Hype train")
    return (
      <TrainFields
        train={channel.train}
        change={(changes) => save(({ train }) => ({ train: { ...train, ...changes } }))}
      />
    );
  if (section === "Overlay") return <OverlayAddresses host={host} />;
  if (section === "Moderators")
    return (
      <Moderators
        host={host}
        ids={channel.moderators}
        change={(edit) => save(({ moderators }) => ({ moderators: edit(moderators) }))}
      />
    );
  if (section === "Blocked words")
    return (
      <BlockedWords
        words={channel.blockedWords}
        change={(edit) => save(({ blockedWords }) => ({ blockedWords: edit(blockedWords) }))}
      />
    );
  return (
    <>
      <p class="quiet">Applies to your current and future streams.</p>
      <ChatSettingsFields settings={channel} change={(change) => save(() => change)} />
    </>
  );
}
