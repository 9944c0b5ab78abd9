import * as z from "zod";
import { BadRunnerRequest, checkBody } from "../bad-runner-request.ts";
import type { Queue } from "../model.ts";
import type { QueueStore } from "../sources/queue-store.ts";
import type { Streams } from "../sources/streams.ts";
import type { Engine } from "./engine.ts";
import type { Faults } from "./faults.ts";
import type { Meter } from "./meter.ts";

/** One of the runner's own routes below `/local`; `body` is the parsed JSON body, if any. */
export type LocalRoute = {
  method: "GET" | "POST" | "DELETE";
  path: string;
  handler(request: { body: unknown }): Promise<LocalAnswer> | LocalAnswer;
};

type LocalAnswer = { status: number; body?: unknown };

/** Table actions that AWS would perform on its own. */
const TableCommand = z.strictObject({
  /** The maximum age of reads that are eventually consistent or use a global index. */
  staleMilliseconds: z.int().min(0).max(600_000).optional(),
  /** Expires items that are due within this number of seconds. */
  expireAheadSeconds: z.int().min(0).max(100_000_000).optional(),
});

/** Switches and reports for tests and measurements; deployed stages have none of them. */
export function listLocalRoutes(made: {
  meter: Meter;
  faults: Faults;
  streams: Streams;
  queues: Queue[];
  store: QueueStore;
  engine: Pick<Engine, "switches">;
}): LocalRoute[] {
  const { meter, faults, streams, queues, store, engine } = made;
  return [
    { method: "GET", path: "/local/cost", handler: () => say(200, meter.report()) },
    {
      method: "POST",
      path: "/local/cost/reset",
      handler() {
        meter.reset();
        return say(200, meter.report());
      },
    },
    { method: "POST", path: "/local/faults", handler: ({ body }) => say(201, faults.add(body)) },
    { method: "GET", path: "/local/faults", handler: () => say(200, { faults: faults.list() }) },
    {
      method: "DELETE",
      path: "/local/faults",
      handler() {
        faults.clear();
        return { status: 204 };
      },
    },
    { method: "GET", path: "/local/streams", handler: () => say(200, streams.report()) },
    {
      method: "POST",
      path: "/local/streams",
      async handler({ body }) {
        await streams.command(body);
        return say(200, streams.report());
      },
    },
    {
      method: "POST",
      path: "/local/table",
      handler({ body }) {
        const { staleMilliseconds, expireAheadSeconds } = checkBody(TableCommand, body);
        if (!engine.switches) throw new BadRunnerRequest(["Another engine has no switches"]);
        if (staleMilliseconds !== undefined) engine.switches.holdReads(staleMilliseconds);
        if (expireAheadSeconds !== undefined) engine.switches.expire(expireAheadSeconds);
        streams.wake();
        return { status: 204 };
      },
    },
    {
      method: "GET",
      path: "/local/queues",
      handler: () =>
        say(200, { queues: queues.map((queue) => ({ name: queue.name, ...store.count(queue) })) }),
    },
  ];
}

function say(status: number, body: unknown): LocalAnswer {
  return { status, body };
}
