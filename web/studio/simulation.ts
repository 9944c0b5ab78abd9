import { type Client, createClient } from "../../client/index.ts";
import { giftReplies, people, sampleMessages } from "../sample-chat.ts";

/** A simulated viewer, as `POST /local/token` takes them. */
type Member = {
  sub: string;
  claims: { preferred_username: string; given_name: string; family_name: string };
  credits: number;
};

/** The server and stream of the simulation, and its tokens. It runs in browsers and in Node. */
type SimulationOptions = {
  url: string;
  streamId: string;
  tokensOf(member: Member): () => Promise<string>;
};

/** Chat comes in bursts: each event makes more events likely for a while (a Hawkes process). */
const rates = { calmPerSecond: 0.55, perEvent: 0.35, fadeSeconds: 4, mostPerSecond: 6 };
const tickMilliseconds = 150;
/** Shares of gifts and superlikes; the rest is chat. */
const shares = { gift: 0.1, superlike: 0.012 };
const rowMilliseconds = 420;
const startCredits = 5_000;

/** Gift types by how often they are sent. */
const favourites = [
  ...["Rose", "Rose", "Rose", "Rose", "Rose", "Heart", "Heart", "Heart", "Coffee", "Coffee"],
  ...["Star", "Star", "Rocket"],
];

type GiftType = { id: string; name: string; creditAmount: number };

const pick = <Item>(list: readonly Item[]) => list[Math.floor(Math.random() * list.length)]!;

/** Eight viewers who chat and send gifts, each with a real token, wallet and socket. */
export function simulateViewers({ url, streamId, tokensOf }: SimulationOptions): () => void {
  const members = people.map(([sub, given_name, family_name, preferred_username]): Member => {
    return { sub, claims: { preferred_username, given_name, family_name }, credits: startCredits };
  });
  const clients = members.map((member) =>
    createClient({ url, token: tokensOf(member), compact: true, onError() {} }),
  );
  let isOver = false;
  let excitement = 0;
  let types: GiftType[] = [];
  let hasGiven = false;
  for (const client of clients) client.subscribe(streamId, {});
  const [first] = clients;
  first!.subscribe(streamId, {
    onEvent: ({ type, data }) => {
      if (type === "gift.sent" && data.giftType.creditAmount >= 100)
        excitement += 4 * rates.perEvent;
      else if (type === "chat.message") excitement += rates.perEvent * 0.4;
    },
  });
  const timer = setInterval(() => {
    excitement *= Math.exp(-tickMilliseconds / 1000 / rates.fadeSeconds);
    const perSecond = Math.min(rates.mostPerSecond, rates.calmPerSecond + excitement);
    if (Math.random() > (perSecond * tickMilliseconds) / 1000) return;
    act(pick(clients));
  }, tickMilliseconds);
  void begin();

  /** Starts with a message and a rose, so that the first view is not empty. */
  async function begin(): Promise<void> {
    act(clients[1]!);
    types = await first!.call<GiftType[]>("GET", "/api/v1/gifts/gift-types").catch(() => []);
    await give(pick(clients), "Rose", 3);
  }

  function act(client: Client): void {
    const chance = Math.random();
    if (chance < shares.superlike) void client.sendSuperlike(streamId).catch(() => {});
    else if (chance < shares.superlike + shares.gift)
      void give(client, pick(favourites), 1 + Math.floor(Math.random() ** 2 * 6));
    else {
      const text = excitement > 1 && Math.random() < 0.7 ? pick(giftReplies) : pick(sampleMessages);
      void client.sendMessage(streamId, text).catch(() => {});
    }
  }

  async function give(client: Client, name: string, times: number): Promise<void> {
    const type = types.find((one) => one.name === name);
    if (type === undefined || (hasGiven && times > 1 && type.creditAmount >= 500)) return;
    hasGiven = true;
    for (let given = 0; given < times && !isOver; given++) {
      // A viewer without credits only watches until the next token tops them up.
      await client.sendGift(streamId, type.id).catch(() => {});
      await new Promise((done) => setTimeout(done, rowMilliseconds));
    }
  }

  return () => {
    isOver = true;
    clearInterval(timer);
    for (const client of clients) client.close();
  };
}
