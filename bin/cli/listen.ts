import { type Client, type Event, OvationError } from "../../client/index.ts";
import { demoIds } from "../start/demo.ts";
import { type Command, countOf, exitCodes, Failure, textOf, UsageError } from "./command.ts";
import { connectAs } from "./connect.ts";
import { findTarget, targetHelp, targetOptions } from "./target.ts";

const countMax = 1_000_000;
const summaryMax = 200;
const secondsMax = 86_400;

/** `ovation listen`: prints a stream's events, each once and in order. */
export const command: Command = {
  usage: "[--json] [options]",
  help: `Prints the events of a stream until Ctrl-C, each once and in order, through
lost connections and restarts.

  --json           prints each event as a line of JSON, with frame and epoch
  --stream ID      default: the demo's, ${demoIds.streamId}
  --since E:N      starts after frame N of epoch E, as --json prints them
  --position       prints the current position as E:N and exits
  --type TYPE      only events of this type, such as gift.sent
  --from NAME      only events of this sender, by username or id
  --count N        exits after N events
  --timeout N      exits with code 1 after N seconds
  --as NAME        the user, on this machine (default johndoe)
${targetHelp}

  npm run -s listen -- --json | jq .type
  npm run -s listen -- --type chat.message --from johndoe`,
  options: {
    ...targetOptions,
    json: { type: "boolean" },
    stream: { type: "string" },
    since: { type: "string" },
    position: { type: "boolean" },
    type: { type: "string" },
    from: { type: "string" },
    count: { type: "string" },
    timeout: { type: "string" },
    as: { type: "string" },
  },
  wordsMax: 0,
  async run(values) {
    const target = findTarget(values);
    const as = textOf(values, "as") ?? "johndoe";
    const options: ListenOptions = {
      stream: textOf(values, "stream") ?? demoIds.streamId,
      most: countOf(values, "count", { otherwise: Number.POSITIVE_INFINITY, max: countMax }),
      since: readPosition(textOf(values, "since")),
      type: await readType(textOf(values, "type")),
      from: textOf(values, "from"),
      seconds: countOf(values, "timeout", { otherwise: 0, max: secondsMax }),
      json: values.json === true,
    };
    // Fails at once without a token instead of waiting forever.
    await target.tokenOf(as);
    const client = connectAs(target, as);
    const left = new AbortController();
    try {
      const listen = values.position === true ? printPosition : follow;
      return await Promise.race([
        listen(client, options),
        refusalOf(client, options.stream, left.signal),
      ]);
    } finally {
      left.abort();
      client.close();
    }
  },
};

/** Rejects if the token is refused: a handshake that fails does not tell why. */
const refusalOf = (client: Client, streamId: string, signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const read = client.call("GET /api/v1/live-stream/{streamId}", { path: { streamId }, signal });
    read.catch((error: unknown) => {
      if (error instanceof OvationError && error.statusCode === 401)
        reject(new Failure(`401 ${error.message}`));
    });
  });

type ListenOptions = {
  stream: string;
  most: number;
  since: { epoch: string; frame: number } | undefined;
  type: string | undefined;
  from: string | undefined;
  /** Maximum time to listen; 0 is no limit. */
  seconds: number;
  json: boolean;
};

/** Calls `fail` after `seconds`, if there is a limit; `state` describes what was received. */
function startTimeout(
  { seconds }: ListenOptions,
  fail: (failure: Failure) => void,
  state: () => string,
): void {
  const end = () => fail(new Failure(`Timed out after ${seconds} s: ${state()}.`));
  if (seconds > 0) setTimeout(end, seconds * 1000).unref();
}

/** Prints a stream's current position, in the form that `--since` accepts. */
async function printPosition(client: Client, options: ListenOptions): Promise<number> {
  const { stream } = options;
  return await new Promise<number>((resolve, reject) => {
    startTimeout(options, reject, () => "no position received");
    const subscription = client.subscribe(stream, {
      onEnd: (reason, statusCode) => reject(new Failure(`${statusCode ?? ""} ${reason}`.trim())),
    });
    subscription.ready.then(
      ({ epoch, frame }) => {
        console.log(`${epoch}:${frame}`);
        resolve(exitCodes.done);
      },
      // onEnd reports the reason.
      () => undefined,
    );
  });
}

/**
 * Resolves with the exit code after the last requested event, at a signal, or at the stream's end.
 */
async function follow(client: Client, options: ListenOptions): Promise<number> {
  const { stream, most, since, json } = options;
  let received = 0;
  return await new Promise<number>((resolve, reject) => {
    const end = () => resolve(exitCodes.done);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
    startTimeout(options, reject, () => `${received} events received`);
    const subscription = client.subscribe(stream, {
      ...(since !== undefined && { since }),
      onEvent(event, { epoch, frame }) {
        if (!isWanted(event, options) || received++ >= most) return;
        console.log(json ? JSON.stringify({ epoch, frame, ...event }) : describe(event));
        if (received >= most) end();
      },
      onReset: () => console.error("Some frames are no longer available; continuing from here."),
      onEnd: (reason, statusCode) => reject(new Failure(`${statusCode ?? ""} ${reason}`.trim())),
    });
    subscription.ready.then(
      ({ frame }) =>
        console.error(`Listening to ${stream} from frame ${frame}. Press Ctrl-C to stop.`),
      // onEnd reports the reason.
      () => undefined,
    );
  });
}

function readPosition(text: string | undefined) {
  if (text === undefined) return undefined;
  const [, epoch, frame] = /^(\S+):(\d{1,15})$/.exec(text) ?? [];
  if (epoch === undefined) throw new UsageError(`--since: expected EPOCH:FRAME, found '${text}'`);
  return { epoch, frame: Number(frame) };
}

/** Throws `UsageError` for a type that no event has: the command would wait for one forever. */
async function readType(type: string | undefined): Promise<string | undefined> {
  if (type === undefined) return undefined;
  // Loaded only here, because loading takes most of the time of a call.
  const { eventData } = await import("../../domain/log/event.ts");
  if (Object.hasOwn(eventData, type)) return type;
  throw new UsageError(
    `--type: expected one of ${Object.keys(eventData).join(", ")}, found '${type}'`,
  );
}

type Sender = { _id?: string; username?: string; name?: string };

function isWanted({ type, data }: Event, options: ListenOptions): boolean {
  if (options.type !== undefined && type !== options.type) return false;
  if (options.from === undefined) return true;
  const { sender } = data as { sender?: Sender };
  return sender?._id === options.from || sender?.username === options.from;
}

/** An event as one line: time, type, user, and text or gift. */
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
