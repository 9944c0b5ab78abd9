import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { freePort } from "../../system.ts";
import { type Contender, speakMillisecondsMax } from "./contender.ts";
import { endProcess, startServer } from "./processes.ts";

const speakerCount = 10;
const ackMilliseconds = 2_000;

/** Socket.IO, in memory with connection state recovery or with every message in an SQLite file. */
export async function startSocketIo(variant: "memory" | "sqlite"): Promise<Contender> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "socket-io-peers-"));
  const file = join(import.meta.dirname, "socket-io-server.ts");
  const start = () => startServer(file, [variant, String(port), join(directory, "messages.db")]);
  let server = await start();
  const url = `http://127.0.0.1:${port}`;
  const speakers = Array.from({ length: speakerCount }, () =>
    io(url, {
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 200,
      reconnectionDelayMax: 1000,
      // The client keeps what is not acknowledged and sends it again.
      retries: Math.floor(speakMillisecondsMax / ackMilliseconds),
      ackTimeout: ackMilliseconds,
    }),
  );
  const own = Math.random().toString(36).slice(2);
  return {
    name: variant === "memory" ? "Socket.IO, recovery in memory" : "Socket.IO, SQLite and offsets",
    pid: () => server.pid!,
    async wish(viewers) {
      const protocol = variant === "memory" ? "socket-io" : "socket-io-offsets";
      const path = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;
      return { protocol, urls: Array.from({ length: viewers }, () => path) };
    },
    speak: (content, n) =>
      new Promise((done) => {
        const speaker = speakers[n % speakerCount]!;
        speaker.emit(
          "say",
          content,
          `${own}-${content.split(" ", 2).join("-")}`,
          (error: unknown) => done(error === null),
        );
      }),
    async crash() {
      await endProcess(server, "SIGKILL");
      server = await start();
    },
    async stop() {
      for (const speaker of speakers) speaker.disconnect();
      await endProcess(server, "SIGTERM");
      await rm(directory, { recursive: true, force: true });
    },
  };
}
