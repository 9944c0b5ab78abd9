import { useRef } from "preact/hooks";
import { hueOf, initialOf, nameOf } from "../chat/person.ts";
import { formatted } from "../formats.ts";
import { ErrorText, LoadingRows, useAction } from "../host/action.tsx";
import { type ChatSettings, ChatSettingsFields } from "../host/chat-settings.tsx";
import { Moments } from "../host/moments.tsx";
import {
  changeChatSettings,
  chatSettings,
  hostClient,
  isOver,
  type Supporter,
  stream,
  streamId,
  supporters,
} from "./stream-state.ts";

/** Below the stage: top supporters, chat settings, polls and goals. */
export function Sidebar() {
  // The host's client exists once the stream has been read.
  const host = stream.value && hostClient.value;
  return (
    <div class="sidebar">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scroll areas need a keyboard stop. */}
      <section class="card" aria-label="Top supporters" tabIndex={0}>
        <header class="card-head">
          <h2>Top supporters</h2>
        </header>
        <Supporters list={supporters.value} />
      </section>
      {!isOver.value && (
        <>
          <section class="card" aria-label="Chat settings">
            <header class="card-head">
              <h2>Chat settings</h2>
            </header>
            <Rules />
          </section>
          <section class="card" aria-label="Polls and goals">
            <header class="card-head">
              <h2>Polls and goals</h2>
            </header>
            {host ? <Moments host={host} streamId={streamId.value} heading={3} /> : <LoadingRows />}
          </section>
        </>
      )}
    </div>
  );
}

/** The stream's chat settings; each change is made after those before it. */
function Rules() {
  const { act, errorText } = useAction();
  const changed = useRef(Promise.resolve(true));
  const change = (made: Partial<ChatSettings>) => {
    changed.current = changed.current.then(() => act(() => changeChatSettings(made)));
    return changed.current;
  };
  if (chatSettings.value === undefined) return <LoadingRows />;
  return (
    <>
      <ErrorText text={errorText} />
      <ChatSettingsFields settings={chatSettings.value} change={change} />
    </>
  );
}

/** Users who have spent the most, in descending order. */
function Supporters({ list }: { list: Supporter[] | undefined }) {
  if (list === undefined) return <LoadingRows />;
  if (list.length === 0) return <p class="nothing">No gifts yet</p>;
  return (
    <ol class="supporters">
      {list.map(({ rank, user, credits: given }) => {
        const style = { "--hue": `${hueOf(user._id)}` };
        return (
          <li key={user._id}>
            <span class="rank number">{rank}</span>
            <span class="initial" style={style} aria-hidden="true">
              {initialOf(user)}
            </span>
            <bdi class="name">{nameOf(user)}</bdi>
            <span class="number">{formatted(given)}</span>
          </li>
        );
      })}
    </ol>
  );
}
