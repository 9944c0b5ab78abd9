import { make } from "../chat/dom.ts";

/** A hidden page gets no animation frames, so a timer shows the rows as well. */
const hiddenMilliseconds = 250;
const sweepMilliseconds = 250;
/** Duration of the fade-out in overlay.css. */
const leaveMilliseconds = 400;
const riseMilliseconds = 200;
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

type Row = { element: HTMLElement; senderId: string; restsUntil: number; goneAt?: number };

/**
 * The rows, newest at the bottom. Each one rises, stays for `fadeSeconds` and fades; beyond `max`
 * the oldest disappear at once. One timer handles all of them.
 */
export function createColumn({ max, fadeSeconds }: { max: number; fadeSeconds: number }) {
  const element = make("div", { class: "ov-rows", role: "log", "aria-live": "off" });
  let rows: Row[] = [];
  let waiting: Row[] = [];
  const restMilliseconds = fadeSeconds === 0 ? Number.POSITIVE_INFINITY : fadeSeconds * 1000;

  /** Adds the waiting rows, if any. */
  function flush(): void {
    const fresh = waiting;
    waiting = [];
    rows.push(...fresh);
    for (const { element: old } of rows.splice(0, Math.max(0, rows.length - max))) old.remove();
    element.append(...fresh.map((one) => one.element));
    const newest = fresh.at(-1)?.element;
    if (newest === undefined || isStill) return;
    // All rows rise together, by the height of the last one.
    const from = `translateY(${newest.offsetHeight}px)`;
    const [duration, easing] = [riseMilliseconds, "cubic-bezier(0.2, 0.8, 0.2, 1)"];
    element.animate({ transform: [from, "none"] }, { duration, easing });
  }

  setInterval(() => {
    const now = performance.now();
    for (const row of rows) if (row.goneAt === undefined && row.restsUntil <= now) leave(row);
    rows = rows.filter(({ element: old, goneAt = Number.POSITIVE_INFINITY }) => {
      if (goneAt > now) return true;
      old.remove();
      return false;
    });
  }, sweepMilliseconds);

  function leave(row: Row): void {
    row.element.classList.add("ov-leaving");
    row.goneAt = performance.now() + leaveMilliseconds;
  }

  return {
    element,
    add(made: HTMLElement, senderId: string): void {
      const restsUntil = performance.now() + restMilliseconds;
      waiting.push({ element: made, senderId, restsUntil });
      if (waiting.length > max) waiting.shift();
      else if (waiting.length === 1) {
        setTimeout(flush, hiddenMilliseconds);
        if (!document.hidden) requestAnimationFrame(flush);
      }
    },
    /** Restarts a row's display time; false if it has been removed. */
    touch(made: HTMLElement): boolean {
      const row = [...rows, ...waiting].find((one) => one.element === made);
      if (row === undefined || row.goneAt !== undefined) return false;
      row.restsUntil = performance.now() + restMilliseconds;
      return true;
    },
    /** Removes at once the rows that must no longer be shown. */
    remove(isMeant: (element: HTMLElement, senderId: string) => boolean): void {
      const keep = ({ element: one, senderId }: Row) => !isMeant(one, senderId);
      for (const row of rows) if (!keep(row)) row.element.remove();
      rows = rows.filter(keep);
      waiting = waiting.filter(keep);
    },
  };
}
