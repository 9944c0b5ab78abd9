import { type DemoUser, nameOfDemoUser } from "../runner.ts";
import { ChatPane } from "./chat-pane.tsx";
import { Figure } from "./figure.tsx";
import {
  countViewers,
  credits,
  messages,
  peak,
  startAsHost,
  takeEvent,
  viewers,
} from "./stream-state.ts";

/** The streamer's pane: metrics, and the chat with moderation. */
export function Streamer({ host, place }: { host: DemoUser; place: string }) {
  return (
    <section class={`streamer card ${place}`} aria-label="Streamer">
      <header class="card-head">
        <h2>{nameOfDemoUser(host)}</h2>
        <span class="role">Streamer</span>
      </header>
      <dl class="figures">
        <Figure name="Viewers" value={viewers.value} />
        <Figure name="Peak" value={peak.value} />
        <Figure name="Credits" value={credits.value} />
        <Figure name="Messages" value={messages.value} />
      </dl>
      <ChatPane
        user={host}
        who="Streamer"
        onEvent={takeEvent}
        onViewers={(count) => countViewers(0, count)}
        onClient={(client) => void startAsHost(client)}
      />
    </section>
  );
}
