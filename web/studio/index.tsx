/** Studio: a streamer and two viewers of one live stream on one local page. */
import "../chat/index.ts";
import { useSignal } from "@preact/signals";
import { render } from "preact";
import { Mark } from "../mark.tsx";
import { fetchCast } from "../runner.ts";
import { Icon } from "./icons.ts";
import { cast, pollServer, streamId, trouble } from "./show.ts";
import { Stage } from "./stage.tsx";
import { Streamer } from "./streamer.tsx";
import { bringCrowd, TopBar } from "./top-bar.tsx";
import { Viewer } from "./viewer.tsx";
import { WirePanel } from "./wire-panel.tsx";

const panes = ["Stage", "Streamer", "Viewer 1", "Viewer 2"] as const;

function Studio() {
  const pane = useSignal<(typeof panes)[number]>("Viewer 1");
  if (trouble.value !== undefined) return <Trouble says={trouble.value} />;
  const [host, first, second] = cast.value;
  if (host === undefined || first === undefined || second === undefined) return null;
  return (
    <div class="studio" data-pane={pane.value}>
      <TopBar />
      <nav class="panes" aria-label="Panes">
        {panes.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={pane.value === name}
            onClick={() => {
              pane.value = name;
            }}
          >
            {name}
          </button>
        ))}
      </nav>
      <main class="floor">
        <Streamer host={host} />
        <Stage />
        <div class="viewers">
          <Viewer first={first} who="Viewer 1" />
          <Viewer first={second} who="Viewer 2" />
        </div>
      </main>
      <WirePanel />
    </div>
  );
}

function Trouble({ says }: { says: string }) {
  return (
    <main class="trouble">
      <Mark />
      <h1>Nothing to show yet</h1>
      <p>
        <Icon name="warning" /> {says}
      </p>
      <p class="quiet">
        Studio plays on the demo stream: start with <code>DEMO=on</code> and data of its own. From
        another machine open it as <code>/#key=…</code> with the key that the start prints.
      </p>
    </main>
  );
}

async function begin(): Promise<void> {
  render(<Studio />, document.getElementById("studio")!);
  try {
    const { streamId: id, people } = await fetchCast();
    streamId.value = id;
    cast.value = people;
    bringCrowd();
    pollServer();
  } catch (error) {
    trouble.value = (error as Error).message;
  }
}

void begin();
