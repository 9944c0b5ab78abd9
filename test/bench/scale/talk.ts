import { profileOf } from "../../../domain/people/user.ts";
import { handler as sendMessage } from "../../../functions/streams/chat/send-message.ts";
import { key } from "../../../platform/table/keys.ts";
import type { callEndpoint } from "../../platform/api-call.ts";
import { quantile, round } from "../figures.ts";
import type { Clock } from "./clock.ts";
import { streamId } from "./people.ts";
import type { Item } from "./table.ts";

type Ask = (
  handler: unknown,
  given: Parameters<typeof callEndpoint>[1],
) => ReturnType<typeof callEndpoint>;

type Shown = { events?: { data: { _id?: string } }[] };

/** Each writes one message in two seconds. */
const sendersOf = (perSecond: number) => perSecond * 2;
const senderAt = (n: number) => (n + 1).toString(16).padStart(24, "c");

/** Chat in the room of a poll: how long its calls take, and until a message is in a frame. */
export function createTalk(clock: Clock) {
  const answeredAt = new Map<string, number>();
  const calls: number[] = [];
  const framed: number[] = [];
  let sent = 0;
  return {
    /** To be shown each item that is written. */
    see({ PK, body }: Item): void {
      if (!PK.startsWith("FRAMES#")) return;
      const { events = [] } = JSON.parse(String(body)) as Shown;
      for (const { data } of events) {
        const at = answeredAt.get(data._id ?? "");
        if (at !== undefined) framed.push(clock.now() - at);
        answeredAt.delete(data._id ?? "");
      }
    },
    start(seconds: number, perSecond: number, put: (item: Item) => void, ask: Ask): void {
      for (let n = 0; n < sendersOf(perSecond); n++)
        put({ ...key.profile(senderAt(n)), ...profileOf(senderAt(n), {}, new Date()) });
      const say = async (n: number) => {
        const asked = clock.now();
        const as = senderAt(n % sendersOf(perSecond));
        const said = { as, path: { streamId }, body: { content: `what a goal, ${n}` } };
        const { body } = await ask(sendMessage, said);
        calls.push(clock.now() - asked);
        answeredAt.set(String(body._id), clock.now());
      };
      sent = perSecond * seconds;
      const from = clock.now();
      for (let n = 0; n < sent; n++) clock.at(from + (n * 1000) / perSecond, () => void say(n));
    },
    figures: () =>
      sent === 0
        ? {}
        : {
            messages: sent,
            "chat calls p50 ms": round(quantile(calls, 0.5)),
            "chat calls p99 ms": round(quantile(calls, 0.99)),
            "chat in a frame after p50 ms": round(quantile(framed, 0.5)),
            "chat in a frame after p99 ms": round(quantile(framed, 0.99)),
            "chat missing": sent - framed.length,
          },
  };
}
