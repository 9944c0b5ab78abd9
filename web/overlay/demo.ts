import type { Event, EventData } from "../../client/index.ts";
import { giftReplies, people, sampleMessages } from "../sample-chat.ts";

type Gift = EventData["gift.sent"];
type Said = [type: "chat.message" | "superlike.sent"] | [type: "gift.sent", name: string];

const stepMilliseconds = 900;
const prices: Record<string, number> = {
  Rose: 10,
  Heart: 20,
  Coffee: 50,
  Star: 100,
  Rocket: 500,
  Crown: 1_000,
};
const chat: Said = ["chat.message"];
const gift = (name: string): Said => ["gift.sent", name];

/** One round of events; users alternate, except within a combo. */
const round: Said[] = [
  ...[chat, gift("Rose"), gift("Rose"), gift("Rose"), chat, chat, gift("Coffee")],
  ...[chat, ["superlike.sent"], chat, gift("Rocket"), chat, chat, gift("Heart"), gift("Heart")],
  ...[chat, gift("Star"), chat, chat, gift("Crown"), chat, chat, chat],
] as Said[];

/** A demo that needs no server: repeats the same round. */
export function playDemo(onEvent: (event: Event) => void): void {
  let step = 0;
  let turn = 0;
  const totals = { count: 0, credits: 1_850 };
  let before: string | undefined;
  let combo = 0;

  function next(): void {
    const [type, name] = round[step % round.length]!;
    combo = name !== undefined && name === before ? combo + 1 : 1;
    if (combo === 1) turn++;
    before = name;
    step++;
    const made = { id: `demo-${step}`, type, at: new Date().toISOString() };
    onEvent({ ...made, data: dataOf(type, name) } as Event);
  }

  function dataOf(type: Said[0], name: string | undefined): unknown {
    const sender = personOf(turn);
    if (type === "chat.message") {
      const isHost = turn % 7 === 3;
      const lines = before === undefined && turn % 4 === 0 ? giftReplies : sampleMessages;
      const role = isHost ? "host" : turn % 7 === 5 ? "moderator" : undefined;
      return {
        _id: `demo-${step}`,
        sender: { ...sender, role },
        content: lines[turn % lines.length],
      };
    }
    if (type === "superlike.sent") return { senderSnapshot: sender, price: 100 };
    const creditAmount = prices[name!]!;
    totals.count++;
    totals.credits += creditAmount;
    const giftType = { id: name!, name: name!, creditAmount, svgUrl: pictureOf(name!) };
    const given: Partial<Gift> = { id: `demo-${step}`, giftType, count: 1, combo, receivers: [] };
    return { ...given, sender, totals: { ...totals } };
  }

  setInterval(next, stepMilliseconds);
  next();
}

const pictureOf = (name: string) => `${location.origin}/pictures/${name.toLowerCase()}.svg`;

function personOf(turn: number) {
  const [_id, name, surname, username] = people[turn % people.length]!;
  return { _id, name, surname, username, profilePhoto: "" };
}
