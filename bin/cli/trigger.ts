import { randomUUID } from "node:crypto";
import { type Client, OvationError } from "../../client/index.ts";
import { demoIds } from "../start/demo.ts";
import { type Command, countOf, exitCodes, Failure, textOf, UsageError } from "./command.ts";
import { connectAs, explainRefusal } from "./connect.ts";
import { retry } from "./retry.ts";
import { findTarget, isLocal, targetHelp, targetOptions } from "./target.ts";

const countMax = 10_000;
const everyMillisecondsMax = 3_600_000;
/** How long a call without a response is retried. Its key makes all attempts one call. */
const answerMilliseconds = 60_000;

type TriggerOptions = { stream: string; giftType: string; content: string };

/** Length of a likes session's name, which is unique per call. */
const sessionLength = 32;

/** Settings of a hype train that a few gifts of two users start. */
const lowTrain = {
  enabled: true,
  startCredits: 20,
  startSenders: 2,
  windowSeconds: 300,
  levels: [40, 100, 200],
  levelSeconds: 60,
};

/** Events that can be triggered; each returns the API's response. */
const events: Record<
  string,
  (client: Client, options: TriggerOptions, key: string) => Promise<unknown>
> = {
  chat: (client, { stream, content }, key) => client.sendMessage(stream, content, key),
  gift: (client, { stream, giftType }, key) => client.sendGift(stream, giftType, key),
  superlike: (client, { stream }, key) => client.sendSuperlike(stream, key),
  like: (client, { stream }, key) => {
    const body = { session: key.slice(0, sessionLength), total: 10 };
    return client.call("PUT /api/v1/live-stream/{streamId}/likes", {
      path: { streamId: stream },
      body,
    });
  },
  poll: (client, { stream, content }, key) =>
    client.call("POST /api/v1/live-stream/{streamId}/moments", {
      path: { streamId: stream },
      body: { kind: "poll", title: content, options: ["Yes", "No"], seconds: 60, choices: 1 },
      key,
    }),
  goal: (client, { stream, content }, key) =>
    client.call("POST /api/v1/live-stream/{streamId}/moments", {
      path: { streamId: stream },
      body: { kind: "goal", title: content, of: "credits", target: 100 },
      key,
    }),
  train: (client, { stream }) =>
    client.call("PUT /api/v1/live-stream/{streamId}/train", {
      path: { streamId: stream },
      body: lowTrain,
    }),
};

/** Events that only a stream's host may cause: without `--as` they are sent as the demo's host. */
const hostEvents = new Set(["poll", "goal", "train"]);

/** `ovation trigger`: triggers events in a stream, as a viewer's app would. */
export const command: Command = {
  usage: `${Object.keys(events).join("|")} [options]`,
  help: `Sends chat messages, gifts, superlikes or likes (ten per call). As the demo's
host it starts polls or goals, or enables hype trains, which start once two
users have spent 20 credits. Prints each response as a line of JSON, and stops
at the first refusal.

  --count N        number of calls, 1 to ${countMax.toLocaleString("en")} (default 1)
  --every N        pause between two calls in milliseconds (default 0)
  --stream ID      default: the demo's, ${demoIds.streamId}
  --gift-type ID   default: the demo's, ${demoIds.giftTypeId}
  --content TEXT   a message, or the title of a poll or goal (default "Hello")
  --as NAME        the user, on this machine (default johndoe or host)
  --kill-after N   kills the server on this machine after N calls
${targetHelp}

  npm run -s trigger -- gift --count 50
  npm run -s trigger -- chat --content "Nice!" --as ann`,
  options: {
    ...targetOptions,
    count: { type: "string" },
    every: { type: "string" },
    stream: { type: "string" },
    "gift-type": { type: "string" },
    content: { type: "string" },
    as: { type: "string" },
    "kill-after": { type: "string" },
  },
  choices: Object.keys(events),
  wordsMax: 1,
  async run(values, [name]) {
    const send = name !== undefined && Object.hasOwn(events, name) ? events[name] : undefined;
    if (send === undefined)
      throw new UsageError(
        `Expected one of ${Object.keys(events).join(", ")}, found ${name === undefined ? "nothing" : `'${name}'`}`,
      );
    const count = countOf(values, "count", { otherwise: 1, max: countMax });
    const every = countOf(values, "every", { otherwise: 0, min: 0, max: everyMillisecondsMax });
    const killAfter = countOf(values, "kill-after", { otherwise: 0, max: countMax });
    const options: TriggerOptions = {
      stream: textOf(values, "stream") ?? demoIds.streamId,
      giftType: textOf(values, "gift-type") ?? demoIds.giftTypeId,
      content: textOf(values, "content") ?? "Hello",
    };
    const target = findTarget(values);
    if (killAfter > 0 && !isLocal(target.url))
      throw new UsageError("--kill-after: only the server of this machine can be killed");
    const as = textOf(values, "as") ?? (hostEvents.has(name ?? "") ? "host" : "johndoe");
    // Fails before anything is sent if there is no token.
    await target.tokenOf(as);
    const client = connectAs(target, as);
    const began = performance.now();
    try {
      for (let sent = 0; sent < count; sent++) {
        if (sent > 0 && every > 0) await new Promise((done) => setTimeout(done, every));
        const key = randomUUID();
        const answer = await explainRefusal(untilAnswered(() => send(client, options, key)));
        console.log(JSON.stringify(answer));
        if (sent + 1 === killAfter) await killServer(target.url);
      }
    } finally {
      client.close();
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.error(`Sent ${count} × ${name} to ${options.stream} in ${seconds} s.`);
    return exitCodes.done;
  },
};

/** Retries a call whose outcome is unknown; a refusal rejects at once. */
const untilAnswered = (call: () => Promise<unknown>) =>
  retry(call, (error) => error instanceof OvationError && error.key !== undefined, {
    milliseconds: answerMilliseconds,
  });

/** Kills the server like `kill -9`; it restarts automatically. Its response may be lost. */
async function killServer(url: string): Promise<void> {
  const answer = await fetch(`${url}/local/restart`, { method: "POST" }).catch(() => undefined);
  if (answer?.ok === false) throw new Failure(`${url} cannot be killed: ${answer.status}`);
}
