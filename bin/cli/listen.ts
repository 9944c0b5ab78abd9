import type { Client, Event } from "../../client/index.ts";
import { demoIds } from "../demo.ts";
import { type Command, countOf, exitCodes, Failure, Misuse, textOf } from "./command.ts";
import { connectAs } from "./connect.ts";
import { findTarget, targetHelp, targetOptions } from "./target.ts";

const countMax = 1_000_000;
const summaryMax = 200;

/** `ovation listen`: what happens in a stream, each event once and in order. */
export const command: Command = {
  usage: "[--json] [options]",
  help: `Prints what happens in a stream from now on, until Ctrl-C, through lost
connections and restarts: each event once and in order.

  --json           each event as a line of JSON, with its frame and epoch
  --stream ID      default: the demo's, ${demoIds.streamId}
  --since E:N      from after frame N of epoch E on (--json has both)
  --count N        ends after so many events
  --as NAME        who listens, on this machine (default johndoe)
${targetHelp}

  npm run -s listen -- --json | jq .type`,
  options: {
    ...targetOptions,
    json: { type: "boolean" },
    stream: { type: "string" },
    since: { type: "string" },
    count: { type: "string" },
    as: { type: "string" },
  },
  wordsMax: 0,
  async run(values) {
    const target = findTarget(values);
    const as = textOf(values, "as") ?? "johndoe";
    const most = countOf(values, "count", { otherwise: Number.POSITIVE_INFINITY, max: countMax });
    const since = readPosition(textOf(values, "since"));
    // Asked for once before: who cannot call is told so at once, and nobody waits for ever.
    await target.tokenOf(as);
    const client = connectAs(target, as);
    try {
      const stream = textOf(values, "stream") ?? demoIds.streamId;
      return await follow(client, { stream, most, since, json: values.json === true });
    } finally {
      client.close();
    }
  },
};

type Wish = {
  stream: string;
  most: number;
  since: { epoch: string; frame: number } | undefined;
  json: boolean;
};

/** Resolves with the exit code at the last event that is wanted, at a signal, or at its end. */
async function follow(client: Client, wish: Wish): Promise<number> {
  const { stream, most, since, json } = wish;
  let heard = 0;
  return await new Promise<number>((resolve, reject) => {
    const end = () => resolve(exitCodes.done);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
    // Whoever reads has seen enough, such as head.
    process.stdout.on("error", end);
    const subscription = client.subscribe(stream, {
      ...(since !== undefined && { since }),
      onEvent(event, { epoch, frame }) {
        if (heard++ >= most) return;
        console.log(json ? JSON.stringify({ epoch, frame, ...event }) : describe(event));
        if (heard >= most) end();
      },
      onReset: () => console.error("Frames were missed for good: it goes on from here."),
      onEnd: (reason, statusCode) => reject(new Failure(`${statusCode ?? ""} ${reason}`.trim())),
    });
    subscription.ready.then(
      ({ frame }) =>
        console.error(`Listening to ${stream} from frame ${frame} on. Ctrl-C ends it.`),
      // Told by onEnd.
      () => undefined,
    );
  });
}

function readPosition(text: string | undefined) {
  if (text === undefined) return undefined;
  const [, epoch, frame] = /^(\S+):(\d{1,15})$/.exec(text) ?? [];
  if (epoch === undefined) throw new Misuse(`--since: found '${text}', wanted EPOCH:FRAME`);
  return { epoch, frame: Number(frame) };
}

type Sender = { username?: string; name?: string };

/** An event as a person reads it: when, what, who, and what was said or given. */
function describe({ at, type, data }: Event): string {
  const { sender, content, giftType, count } = data as {
    sender?: Sender;
    content?: string;
    giftType?: { name: string };
    count?: number;
  };
  const who = sender?.username || sender?.name;
  const what = giftType ? `${count ?? 1} × ${giftType.name}` : content;
  const parts = [new Date(at).toTimeString().slice(0, 8), type, who, what];
  return parts.filter(Boolean).join(" ").replace(/\s+/g, " ").slice(0, summaryMax);
}
