import { randomBytes } from "node:crypto";
import type { Client } from "../../client/index.ts";
import { type Command, countOf, exitCodes, Failure } from "./command.ts";
import { connectAs } from "./connect.ts";
import { findTarget, type Target, targetHelp, targetOptions } from "./target.ts";

const messagesMax = 200;

/** Timeout of a call, and of a message's delivery to a viewer. */
const timeoutMilliseconds = 15_000;

/** `ovation smoke`: checks that a system works, and measures its latency. */
export const command: Command = {
  usage: "[--stage NAME] [options]",
  help: `Runs through a stream's life once: a host creates a stream, goes live, sends
messages to a viewer and ends the stream. Prints the count of each call, and
its p50 and p99 in ms; exit code 1 if a call fails.

  --count N        number of messages, 1 to ${messagesMax} (default 20)
  --json           prints JSON
${targetHelp}

  npm run -s smoke -- --stage dev --token "$TOKEN"`,
  options: { ...targetOptions, count: { type: "string" }, json: { type: "boolean" } },
  wordsMax: 0,
  async run(values) {
    const count = countOf(values, "count", { otherwise: 20, max: messagesMax });
    const target = findTarget(values);
    const clock = createClock();
    await play(target, count, clock);
    console.log(values.json ? JSON.stringify(clock.rows()) : tableOf(clock.rows()));
    return exitCodes.done;
  },
};

type Row = { call: string; count: number; p50: number; p99: number };

/** Measures each kind of call, in the order of first use. */
function createClock() {
  const taken = new Map<string, number[]>();
  const add = (call: string, milliseconds: number) =>
    void taken.set(call, [...(taken.get(call) ?? []), milliseconds]);
  return {
    add,
    /** Times a piece of work. Rejects with a `Failure` that names it if it fails or times out. */
    async time<Result>(call: string, work: () => Promise<Result>): Promise<Result> {
      const began = performance.now();
      const result = await inTime(call, work());
      add(call, performance.now() - began);
      return result;
    },
    rows: (): Row[] =>
      [...taken].map(([call, milliseconds]) => {
        const sorted = milliseconds.toSorted((a, b) => a - b);
        // Nearest rank: with fewer than a hundred samples, p99 is the slowest.
        const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
        return { call, count: sorted.length, p50: at(0.5), p99: at(0.99) };
      }),
  };
}

type Clock = ReturnType<typeof createClock>;

async function inTime<Result>(call: string, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const sentence = `${call}: nothing within ${timeoutMilliseconds / 1000} s`;
    timer = setTimeout(() => reject(new Failure(sentence)), timeoutMilliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = (error as Error).cause;
    const why = cause instanceof Error ? cause.message : (error as Error).message;
    throw new Failure(`${call}: ${why}`);
  } finally {
    clearTimeout(timer);
  }
}

async function play(target: Target, count: number, clock: Clock): Promise<void> {
  await clock.time("GET /health", () => getHealth(target.url));
  // Users that no one else has: the test leaves nothing behind except an ended stream, also if a
  // call fails.
  const fresh = () => connectAs(target, `smoke-${randomBytes(6).toString("hex")}`);
  const [host, viewer] = [fresh(), fresh()];
  try {
    await clock.time("GET /api/v1/users/me", () => host.call("GET /api/v1/users/me"));
    await clock.time("GET /api/v1/gifts/gift-types", () =>
      host.call("GET /api/v1/gifts/gift-types"),
    );
    const { id } = await clock.time("POST /api/v1/live-stream/create", () =>
      host.call("POST /api/v1/live-stream/create", { body: { title: "Smoke" } }),
    );
    const path = { streamId: id };
    const end = () => host.call("POST /api/v1/live-stream/{streamId}/end", { path });
    try {
      await broadcast(host, viewer, id, count, clock);
      await clock.time("POST …/{streamId}/end", end);
    } catch (error) {
      const remove = () => host.call("DELETE /api/v1/live-stream/{streamId}", { path });
      // A stream that has not begun cannot be ended. If neither works, the first failure counts.
      await inTime("the end", end().catch(remove)).catch(() => undefined);
      throw error;
    }
  } finally {
    host.close();
    viewer.close();
  }
}

async function broadcast(host: Client, viewer: Client, id: string, count: number, clock: Clock) {
  await clock.time("POST /api/v1/live-stream/join-as-creator", () =>
    host.call("POST /api/v1/live-stream/join-as-creator", { body: { liveStreamId: id } }),
  );
  await sayAndSee(host, viewer, id, count, clock);
  await clock.time("GET …/{streamId}/chat/messages", () =>
    host.call("GET /api/v1/live-stream/{streamId}/chat/messages", { path: { streamId: id } }),
  );
}

async function getHealth(url: string): Promise<void> {
  const answer = await fetch(`${url}/health`);
  if (!answer.ok) throw new Error(`it answers ${answer.status}`);
}

/** Sends messages one after another, each after a viewer has received the previous one. */
async function sayAndSee(host: Client, viewer: Client, id: string, count: number, clock: Clock) {
  const seen = new Map<string, () => void>();
  const subscription = viewer.subscribe(id, {
    onEvent(event) {
      if (event.type === "chat.message") seen.get(event.data.content)?.();
    },
    // A failure is reported by `ready`, or by the timeout of a message.
    onEnd: () => undefined,
  });
  await clock.time("connect and subscribe", () => subscription.ready);
  for (let turn = 1; turn <= count; turn++) {
    const content = `Smoke ${turn}`;
    const shown = new Promise<void>((done) => seen.set(content, done));
    const began = performance.now();
    await clock.time("POST …/{streamId}/chat/messages", () => host.sendMessage(id, content));
    await inTime("a message to its viewer", shown);
    clock.add("sent until seen by a viewer", performance.now() - began);
  }
}

function tableOf(rows: readonly Row[]): string {
  const line = (call: string, count: string, p50: string, p99: string) =>
    call.padEnd(46) + count.padStart(6) + p50.padStart(11) + p99.padStart(11);
  const shown = (milliseconds: number) => milliseconds.toFixed(1);
  return [
    line("", "calls", "p50 ms", "p99 ms"),
    ...rows.map(({ call, count, p50, p99 }) => line(call, String(count), shown(p50), shown(p99))),
  ].join("\n");
}
