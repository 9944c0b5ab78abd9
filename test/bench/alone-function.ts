/** A process that runs a single function: loads its bundle, calls it and prints its CPU as JSON. */
import { createRequire } from "node:module";

/**
 * The function to call: a bundle of `chat/send-message`, with the stream, the text (default: a
 * greeting) and the expected status (default: 201).
 */
export type Work = { file: string; streamId: string; content?: string; status?: number };

/** CPU in milliseconds; memory in megabytes. */
export type Figures = {
  init: number;
  calls: { from: number; to: number; cpuMilliseconds: number }[];
  rss: number;
};

/** Calls are averaged in these groups, because an environment becomes faster as it warms up. */
const ends = [1, 10, 50, 200, 1_000];

type Handler = (event: unknown, context: object) => Promise<{ statusCode: number; body: string }>;

const work = JSON.parse(process.argv[2]!) as Work;
const load = createRequire(import.meta.url);

/** CPU of the whole process since the previous lap, in milliseconds. */
let mark = process.cpuUsage();
function lap(): number {
  const { user, system } = process.cpuUsage(mark);
  mark = process.cpuUsage();
  return (user + system) / 1_000;
}

const authorizer = {
  sub: "64d15f9e2e6c8f4d5a123456",
  roles: "",
  claims: "{}",
  exp: String(Math.floor(Date.now() / 1000) + 3600),
  jti: "",
};
const eventOf = (n: number) => ({
  path: "/test",
  headers: { "content-type": "application/json" },
  pathParameters: { streamId: work.streamId },
  multiValueQueryStringParameters: {},
  body: JSON.stringify({ content: work.content ?? `Hello for the ${n}th time` }),
  requestContext: { requestId: `request-${n}`, authorizer },
});

lap();
const { handler } = load(work.file) as { handler: Handler };
const init = lap();
const calls: Figures["calls"] = [];
let done = 0;
for (const to of ends) {
  const from = done + 1;
  while (done < to) {
    const endsAt = Date.now() + 10_000;
    const context = { getRemainingTimeInMillis: () => endsAt - Date.now() };
    const { statusCode, body } = await handler(eventOf(++done), context);
    if (statusCode !== (work.status ?? 201))
      throw new Error(`Call ${done} returned ${statusCode} ${body}`);
  }
  calls.push({ from, to, cpuMilliseconds: lap() / (to - from + 1) });
}
const figures: Figures = { init, calls, rss: process.memoryUsage.rss() / 2 ** 20 };
console.log(JSON.stringify(figures));
process.exit(0);
