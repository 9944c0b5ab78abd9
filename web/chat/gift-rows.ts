import type { CallResult, Client, EventData } from "../../client/index.ts";
import { type Combo, createCombos } from "./combos.ts";
import type { Log } from "./log.ts";
import { giftRow } from "./rows.ts";
import type { Speaker } from "./translations.ts";

/** A gift of before, as the list of the API has it. */
export type EarlierGift = CallResult<"GET /api/v1/live-stream/{streamId}/gifts">["list"][number];

const earlierMax = 100;
/** Gifts that are held until the list is read, while whatever keeps it away lasts. */
const earlyMax = 1_000;
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

/**
 * The rows of gifts: one for each combo, which grows for as long as it goes on, also where it began
 * before the chat was opened.
 */
export function createGiftRows(log: Log, speaker: Speaker) {
  const combos = createCombos();
  const rows = new WeakMap<Combo, ReturnType<typeof giftRow>>();
  /** Combos of before that are older than what is shown, oldest first, by when they began. */
  let earlier: { combo: Combo; at: string }[] = [];
  /** What comes live before the list of gifts is read: the list may have it, too. */
  let early: { gift: EventData["gift.sent"]; at: string }[] | undefined = [];
  let listed = new Set<string>();
  const sweeping = setInterval(() => {
    for (const combo of combos.end(performance.now())) rows.get(combo)?.end();
  }, sweepMilliseconds);

  function showRow(combo: Combo, at: string) {
    const made = giftRow(combo, speaker);
    rows.set(combo, made);
    log.add(made.row, at);
    return made;
  }

  function add(gift: EventData["gift.sent"], at: string): void {
    if (early !== undefined) {
      early.push({ gift, at });
      if (early.length > earlyMax) early.shift();
      return;
    }
    if (listed.has(gift.id)) return;
    const { combo, isNew } = combos.add(gift, performance.now());
    const shown = rows.get(combo);
    if (!isNew && shown !== undefined) {
      shown.grow();
      return;
    }
    earlier = earlier.filter((one) => one.combo !== combo);
    showRow(combo, at).start();
  }

  return {
    add,
    /** Gifts of before, newest first: `showEarlier` brings them into the list. */
    keepEarlier(gifts: EarlierGift[]): void {
      // A room that has to begin again reads its list again, and has these rows by then.
      if (early === undefined) return;
      const now = performance.now();
      for (const gift of gifts.filter(({ refundedAt }) => refundedAt === null).reverse()) {
        const age = Math.max(0, Date.now() - Date.parse(gift.createdAt));
        const { combo, isNew } = combos.add(gift, now - age);
        if (isNew) earlier.push({ combo, at: gift.createdAt });
      }
      listed = new Set(gifts.map(({ id }) => id));
      const held = early;
      early = undefined;
      for (const { gift, at } of held) add(gift, at);
    },
    /** Shows gifts from a time on (ISO 8601), so none appears where no messages are loaded. */
    showEarlier(since: string): void {
      const due = earlier.filter(({ at }) => at >= since);
      earlier = earlier.filter(({ at }) => at < since);
      for (const { combo, at } of due) {
        const made = showRow(combo, at);
        if (combo.until <= performance.now()) made.end();
      }
    },
    stop: () => clearInterval(sweeping),
  };
}
