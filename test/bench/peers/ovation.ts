import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, freshId, liveStream, type Person, person } from "../../api/people.ts";
import { freePort, type System, startSystem } from "../../system.ts";
import { wait } from "../figures.ts";
import { type Contender, speakMillisecondsMax } from "./contender.ts";

const speakerCount = 10;

/** How frames come to viewers: posted one by one, or by a relay. */
export type Plane = "posts" | "relay";

/** Ovation as `npm start` runs it: gateway, functions and engine on this machine. */
export async function startOvation(
  plane: Plane = "posts",
): Promise<Contender & { system(): System }> {
  const port = await freePort();
  const dataDir = await mkdtemp(join(tmpdir(), "ovation-peers-"));
  // Viewers find the relay where it was, whatever was killed.
  const env: Record<string, string> = {
    DEMO: "off",
    ...(plane === "relay" && { RELAY: "on", RELAY_PORT: String(await freePort()) }),
  };
  const start = () => startSystem({ port, dataDir, env });
  let system = await start();
  process.env.API_URL = system.url;
  const sockets =
    plane === "relay"
      ? `ws://127.0.0.1:${env.RELAY_PORT}/ws`
      : `${system.url.replace("http", "ws")}/ws`;
  const { id } = await liveStream();
  const speakers: Person[] = [];
  for (let n = 0; n < speakerCount; n++) speakers.push(await person());
  const route = `POST /api/v1/live-stream/${id}/chat/messages`;

  async function say(content: string, n: number): Promise<boolean> {
    const as = speakers[n % speakerCount]!;
    const key = freshId();
    const until = Date.now() + speakMillisecondsMax;
    // The key makes a second try harmless: what was done is answered again.
    while (Date.now() < until) {
      const answer = await call(route, { as, key, body: { content } }).catch(() => undefined);
      if (answer?.status === 201) return true;
      await wait(200);
    }
    return false;
  }

  return {
    name: plane === "relay" ? "Ovation, relay" : "Ovation, posts",
    system: () => system,
    pid: () => system.process.pid!,
    async wish(viewers) {
      const urls: string[] = [];
      for (let n = 0; n < viewers; n++) {
        const { token } = await person();
        urls.push(`${sockets}?token=${token}`);
      }
      return { protocol: "frames", urls, streamId: id };
    },
    speak: say,
    async crash() {
      await system.kill();
      system = await start();
    },
    ...(plane === "relay" && {
      async crashRelay() {
        await call("DELETE /local/relay");
      },
    }),
    async stop() {
      await system.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
