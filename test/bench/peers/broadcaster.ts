import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { freePort } from "../../system.ts";
import { wait } from "../figures.ts";
import { writeBroadcaster } from "./broadcaster-assembly.ts";
import { type Contender, speakMillisecondsMax } from "./contender.ts";
import { endProcess, startServer } from "./processes.ts";

/** Messages of one connection are handled one after the other, so there are several. */
const speakerCount = 10;

/** The textbook serverless broadcaster behind Ovation's own local gateway. */
export async function startBroadcaster(): Promise<Contender> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "broadcaster-peers-"));
  await writeBroadcaster(directory);
  const file = join(import.meta.dirname, "broadcaster-server.ts");
  const start = () => startServer(file, [directory, String(port)]);
  let server = await start();
  const url = `ws://127.0.0.1:${port}/ws`;
  const speakers = new Map<number, Promise<WebSocket>>();

  /** The socket of a speaker, opened again when it has gone. */
  function socketOf(at: number): Promise<WebSocket> {
    const found = speakers.get(at);
    if (found !== undefined) return found;
    const opening = new Promise<WebSocket>((done, fail) => {
      const socket = new WebSocket(url);
      socket.once("open", () => done(socket));
      socket.on("error", fail);
      socket.on("close", () => speakers.delete(at));
    });
    opening.catch(() => speakers.delete(at));
    speakers.set(at, opening);
    return opening;
  }

  return {
    name: "textbook broadcaster",
    pid: () => server.pid!,
    async wish(viewers) {
      return {
        protocol: "plain",
        urls: Array.from({ length: viewers }, () => `${url}?watch=on`),
      };
    },
    // It acknowledges nothing: what was written to an open socket counts as sent.
    async speak(content, n) {
      const until = Date.now() + speakMillisecondsMax;
      while (Date.now() < until) {
        const socket = await socketOf(n % speakerCount).catch(() => undefined);
        if (socket?.readyState === WebSocket.OPEN) {
          const text = JSON.stringify({ action: "say", content });
          const failed = await new Promise((done) => socket.send(text, done));
          if (!failed) return true;
        }
        await wait(200);
      }
      return false;
    },
    async crash() {
      await endProcess(server, "SIGKILL");
      server = await start();
    },
    async stop() {
      for (const speaker of speakers.values())
        void speaker.then((socket) => socket.terminate()).catch(() => undefined);
      await endProcess(server, "SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}
