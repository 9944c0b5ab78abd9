/** Studio: a streamer and two viewers of one live stream on one local page. */
import "../chat/index.ts";
import { signal, useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { keepFocus } from "../keep-focus.ts";
import { Logo } from "../logo.tsx";
import { ignoreRepeatedPresses } from "../repeated-presses.ts";
import { fetchDemoUsers } from "../runner.ts";
import { Tabs } from "../tabs.tsx";
import { Icon } from "./icons.ts";
import { LogsPanel } from "./logs-panel.tsx";
import { Stage } from "./stage.tsx";
import {
  demoUsers,
  hostClient,
  isOver,
  loadError,
  pollServer,
  stream,
  streamId,
} from "./stream-state.ts";
import { Streamer } from "./streamer.tsx";
import { startSimulation, TopBar } from "./top-bar.tsx";
import { Viewer } from "./viewer.tsx";

const panes = ["Stage", "Viewer 1", "Viewer 2", "Streamer"] as const;
type Pane = (typeof panes)[number];

/** Whether the stage is a separate pane, as in studio.css. */
const narrow = matchMedia("(width < 900px)");
const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", ({ matches }) => {
  isNarrow.value = matches;
});

/** The stream that the URL names, such as one that was started here. */
const named = new URLSearchParams(location.search).get("stream") || undefined;

/** Opens the host's live stream, if any, instead of the demo stream, which has ended. */
async function openLive(): Promise<void> {
  const read = hostClient.value?.call("GET /api/v1/live-stream/my-active-stream");
  const live = await read?.catch(() => undefined);
  if (live) location.replace(`/?stream=${live.id}${location.hash}`);
}

function Studio() {
  const pane = useSignal<Pane>("Viewer 1");
  useEffect(() => {
    if (isOver.peek() && named === undefined) void openLive();
  }, [stream.value === undefined]);
  if (loadError.value !== undefined) return <LoadError text={loadError.value} />;
  const [host, first, other] = demoUsers.value;
  if (host === undefined || first === undefined || other === undefined) return null;
  /** Shows one chat, and a second one next to it if there is space. */
  const chat = pane.value === "Stage" ? "Viewer 1" : pane.value;
  const second = chat === "Viewer 2" ? "Viewer 1" : "Viewer 2";
  const placeOf = (name: Pane) => (name === chat ? "shown" : name === second ? "second" : "");
  return (
    <div class="studio" data-pane={pane.value}>
      <TopBar />
      <main class="floor">
        <Tabs
          label="Panes"
          class="panes tabs"
          names={isNarrow.value ? panes : panes.slice(1)}
          value={isNarrow.value ? pane.value : chat}
          change={(name) => {
            pane.value = name;
          }}
        />
        <Stage />
        <div class="chats">
          <Viewer first={first} who="Viewer 1" place={placeOf("Viewer 1")} />
          <Viewer first={other} who="Viewer 2" place={placeOf("Viewer 2")} />
          <Streamer host={host} place={placeOf("Streamer")} />
        </div>
      </main>
      <LogsPanel />
    </div>
  );
}

function LoadError({ text }: { text: string }) {
  return (
    <main class="load-error">
      <Logo />
      <h1>Nothing to show yet</h1>
      <p>
        <Icon name="warning" /> {text}
      </p>
      <p class="quiet">
        Studio needs the demo stream: start Ovation with <code>DEMO=on</code> and an empty{" "}
        <code>DATA_DIR</code>. On another machine, open <code>/#key=…</code> with the key that{" "}
        <code>npm start</code> prints.
      </p>
    </main>
  );
}

async function begin(): Promise<void> {
  render(<Studio />, document.getElementById("studio")!);
  try {
    const { streamId: id, people } = await fetchDemoUsers();
    streamId.value = named ?? id;
    demoUsers.value = people;
    startSimulation();
    pollServer();
  } catch (error) {
    loadError.value = (error as Error).message;
  }
}

keepFocus(document);
ignoreRepeatedPresses();
void begin();
