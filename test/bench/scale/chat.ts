import { profileOf, summaryOf } from "../../../domain/people/user.ts";
import { makeStream, NewStream } from "../../../domain/streams/new-stream.ts";
import { handler as sendMessage } from "../../../functions/streams/chat/send-message.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { key } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { callEndpoint } from "../../platform/api-call.ts";
import { quantile, round } from "../figures.ts";
import { busiestOf } from "./busiest.ts";
import { createChance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { picture, streamId } from "./people.ts";
import type { Figures } from "./room.ts";
import { createTable } from "./table.ts";
import { noUse } from "./usage-costs.ts";

/** The chat of one room, written by the real function at a rate. */
export type ChatCase = { messagesPerSecond: number; hasKeys: boolean; seed: number };

const seconds = 20;
/** Each writes at most one message a second and so stays below their own rate. */
const sendersOf = (perSecond: number) => Math.ceil(perSecond * 2);
/** After the last message, for calls that wait for their key's capacity. */
const restSeconds = 120;

/** What became of the calls, how long they took, and what the busiest keys took a second. */
export async function simulateChat(clock: Clock, given: ChatCase): Promise<Figures> {
  const { messagesPerSecond, hasKeys, seed } = given;
  const chance = createChance(seed);
  const use = noUse();
  const table = createTable(clock, chance, use, () => {});
  useTable(table.client);
  const began = clock.now();
  const host = profileOf("host", {}, new Date());
  const parts = { id: streamId, host: summaryOf(host, picture), defaultThumbnail: picture };
  const stream = makeStream(NewStream.parse({ title: "Live" }), { ...parts, now: new Date() });
  table.put({ ...key.stream(streamId), ...stream, status: "active" });
  const senders = Array.from({ length: sendersOf(messagesPerSecond) }, (_, n) =>
    newId(new Date(began + n)),
  );
  for (const id of senders) {
    const claims = { preferred_username: `viewer${id}`, given_name: "Deniz", family_name: "Kaya" };
    table.put({ ...key.profile(id), ...profileOf(id, claims, new Date()) });
  }
  const delays: number[] = [];
  const statuses = new Map<number, number>();
  async function say(as: string, n: number): Promise<void> {
    const asked = clock.now();
    const content = "what a goal ".repeat(1 + chance.below(6));
    const call = {
      as,
      path: { streamId },
      body: { content },
      ...(hasKeys && { key: `message-${n}-of-the-room` }),
    };
    const { status } = await callEndpoint(sendMessage, call);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    delays.push(clock.now() - asked);
  }
  const count = messagesPerSecond * seconds;
  for (let n = 0; n < count; n++)
    clock.at(
      began + (n * 1000) / messagesPerSecond,
      () => void say(senders[n % senders.length]!, n),
    );
  await clock.run(began + (seconds + restSeconds) * 1000);
  return {
    "messages/s": messagesPerSecond,
    keys: hasKeys ? "yes" : "no",
    sent: statuses.get(201) ?? 0,
    refused: count - (statuses.get(201) ?? 0),
    "p50 ms": round(quantile(delays, 0.5)),
    "p99 ms": round(quantile(delays, 0.99)),
    throttled: table.throttled(),
    ...busiestOf(table),
    "write units a message": round(use.dynamodb_write_units / count),
  };
}
