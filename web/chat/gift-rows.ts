import type { EventData } from "../../client/index.ts";
import { createCombos } from "./combos.ts";
import type { Log } from "./log.ts";
import { giftRow } from "./rows.ts";
import type { Speaker } from "./words.ts";

const sweepMilliseconds = 250;

/** The rows of gifts: one for each combo, which grows for as long as it goes on. */
export function createGiftRows(log: Log, speaker: Speaker) {
  const combos = createCombos();
  const rows = new Map<string, ReturnType<typeof giftRow>>();
  const sweeping = setInterval(() => {
    for (const { key } of combos.end(performance.now())) {
      rows.get(key)?.end();
      rows.delete(key);
    }
  }, sweepMilliseconds);
  return {
    add(gift: EventData["gift.sent"], at: string): void {
      const { combo, isNew } = combos.add(gift, performance.now());
      if (!isNew) {
        rows.get(combo.key)?.grow();
        return;
      }
      rows.get(combo.key)?.end();
      const made = giftRow(combo, speaker);
      rows.set(combo.key, made);
      log.add(made.row, at);
      made.start();
    },
    stop: () => clearInterval(sweeping),
  };
}
