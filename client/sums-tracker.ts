import type { Frame } from "./message.ts";
import type { Continuation } from "./session.ts";
import { applySumsChange, noSums, type SumsAndMoments, type SumsChange } from "./sums.ts";

/**
 * A stream's sums and open moments. Replayed frames have only changes: if the state before them is
 * unknown, `read` is called after the replay. Changes in frames win over its response, which may be
 * older.
 */
export function createSumsTracker(
  read: () => Promise<SumsAndMoments>,
  onShown: (shown: SumsAndMoments) => void,
) {
  let shown = noSums;
  let isKnown = false;
  /** What frames have changed since the replay began, until the state before it is known. */
  let missing: (SumsChange & { head: number }) | undefined;

  async function complete(): Promise<void> {
    const before = await read();
    if (missing === undefined) return;
    shown = applySumsChange(before, missing);
    know();
    onShown(shown);
  }
  function know(): void {
    isKnown = true;
    missing = undefined;
  }
  return {
    current: () => shown,
    begin(continuation: Continuation): void {
      shown = continuation.shown ?? (continuation.do === "reset" ? noSums : shown);
      const isReplay =
        continuation.do === "follow" && continuation.recovered && !continuation.shown;
      if (!isReplay) know();
      else if (!isKnown) missing = { events: [], ...missing, head: continuation.head.frame };
    },
    show(frame: Frame): void {
      shown = applySumsChange(shown, frame);
      if (missing === undefined) return;
      const { events, sums, head } = missing;
      missing = {
        events: [...events, ...frame.events.filter(({ type }) => type.startsWith("moment."))],
        sums: { ...sums, ...frame.sums },
        head,
      };
      if (frame.frame < head) return;
      // Reads once: if that fails, the next `subscribed` has the state, or begins another replay.
      missing.head = Number.POSITIVE_INFINITY;
      complete().catch(() => {});
    },
  };
}
