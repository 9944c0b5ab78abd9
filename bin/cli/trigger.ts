import { randomUUID } from "node:crypto";
import type { Client } from "../../client/index.ts";
import { demoIds } from "../demo.ts";
import { type Command, countOf, exitCodes, Misuse, textOf } from "./command.ts";
import { connectAs, saying } from "./connect.ts";
import { findTarget, targetHelp, targetOptions } from "./target.ts";

const countMax = 10_000;
const everyMillisecondsMax = 3_600_000;

type Wish = { stream: string; giftType: string; content: string };

/** What can be made to happen: each answers what the API said. */
const events: Record<string, (client: Client, wish: Wish, key: string) => Promise<unknown>> = {
  chat: (client, { stream, content }, key) => client.sendMessage(stream, content, key),
  gift: (client, { stream, giftType }, key) => client.sendGift(stream, giftType, key),
  superlike: (client, { stream }, key) => client.sendSuperlike(stream, key),
};

/** `ovation trigger`: makes things happen in a stream, as a viewer's app would. */
export const command: Command = {
  usage: `${Object.keys(events).join("|")} [options]`,
  help: `Sends chat messages, gifts or superlikes, and prints each answer as a line of
JSON. It ends at the first that is refused.

  --count N        how many, 1 to ${countMax.toLocaleString("en")} (default 1)
  --every N        milliseconds from one to the next (default 0)
  --stream ID      default: the demo's, ${demoIds.streamId}
  --gift-type ID   default: the demo's, ${demoIds.giftTypeId}
  --content TEXT   of a chat message (default "Hello")
  --as NAME        who sends, on this machine (default johndoe)
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
  },
  choices: Object.keys(events),
  wordsMax: 1,
  async run(values, [name]) {
    const send = name !== undefined && Object.hasOwn(events, name) ? events[name] : undefined;
    if (send === undefined)
      throw new Misuse(
        `${name === undefined ? "Nothing to send" : `Found '${name}'`}: wanted one of ${Object.keys(events).join(", ")}`,
      );
    const count = countOf(values, "count", { otherwise: 1, max: countMax });
    const every = countOf(values, "every", { otherwise: 0, min: 0, max: everyMillisecondsMax });
    const wish: Wish = {
      stream: textOf(values, "stream") ?? demoIds.streamId,
      giftType: textOf(values, "gift-type") ?? demoIds.giftTypeId,
      content: textOf(values, "content") ?? "Hello",
    };
    const target = findTarget(values);
    const as = textOf(values, "as") ?? "johndoe";
    // Asked for once before anything is sent: who cannot call is told so at once.
    await target.tokenOf(as);
    const client = connectAs(target, as);
    const began = performance.now();
    try {
      for (let sent = 0; sent < count; sent++) {
        if (sent > 0 && every > 0) await new Promise((done) => setTimeout(done, every));
        console.log(JSON.stringify(await saying(send(client, wish, randomUUID()))));
      }
    } finally {
      client.close();
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.error(`Sent ${count} × ${name} to ${wish.stream} in ${seconds} s.`);
    return exitCodes.done;
  },
};
