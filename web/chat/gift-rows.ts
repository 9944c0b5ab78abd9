import type { Answer, Client, EventData } from "../../client/index.ts";
import { type Combo, createCombos } from "./combos.ts";
import type { Log } from "./log.ts";
import { giftRow } from "./rows.ts";
import type { Speaker } from "./words.ts";

/** A gift of before, as the list of the API has it. */
export type EarlierGift = Answer<"GET /api/v1/live-stream/{streamId}/gifts">["list"][number];

const earlierMax = 100;
const sweepMilliseconds = 250;

/** Reads the newest gifts; none where they cannot be read, since a chat without them is a chat. */
export const readEarlierGifts = (client: Client, streamId: string): Promise<EarlierGift[]> =>
  client
    .call("GET /api/v1/live-stream/{streamId}/gifts", {
      path: { streamId },
      query: { limit: earlierMax },
    })
    .then(
      ({ list }) => list,
      () => [],
    );

/** The rows of gifts: one for each combo, which grows for as long as it goes on. */
export function createGiftRows(log: Log, speaker: Speaker) {
  const combos = createCombos();
  const rows = new WeakMap<Combo, ReturnType<typeof giftRow>>();
  /** Gifts of before that are older than what is shown. */
  let earlier: EarlierGift[] = [];
  /** What came live before the list was read, and then what was in the list. */
  const known = new Set<string>();
  let isRead = false;
  const sweeping = setInterval(() => {
    for (const combo of combos.end(performance.now())) rows.get(combo)?.end();
  }, sweepMilliseconds);
  return {
    add(gift: EventData["gift.sent"], at: string): void {
      if (known.has(gift.id)) return;
      if (!isRead) known.add(gift.id);
      const { combo, isNew } = combos.add(gift, performance.now());
      if (!isNew) {
        rows.get(combo)?.grow();
        return;
      }
      const made = giftRow(combo, speaker);
      rows.set(combo, made);
      log.add(made.row, at);
      made.start();
    },
    /** Gifts of before, newest first: `showEarlier` brings them into the list. */
    keepEarlier(gifts: EarlierGift[]): void {
      earlier = gifts.filter(({ id, refundedAt }) => !known.has(id) && refundedAt === null);
      for (const { id } of gifts) known.add(id);
      isRead = true;
    },
    /** Shows gifts since a moment (ISO 8601): none stands where nothing is told around it. */
    showEarlier(since: string): void {
      const isDue = ({ createdAt }: EarlierGift) => createdAt >= since;
      const due = earlier.filter(isDue).reverse();
      earlier = earlier.filter((gift) => !isDue(gift));
      for (const { combo, at } of combosOf(due)) {
        const made = giftRow(combo, speaker);
        made.end();
        log.add(made.row, at);
      }
    },
    stop: () => clearInterval(sweeping),
  };
}

/** The rows that gifts have made when they came, oldest first. */
function combosOf(gifts: EarlierGift[]) {
  const combos = createCombos();
  return gifts.flatMap((gift) => {
    const { combo, isNew } = combos.add(gift, Date.parse(gift.createdAt));
    return isNew ? [{ combo, at: gift.createdAt }] : [];
  });
}
