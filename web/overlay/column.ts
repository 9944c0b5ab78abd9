import { make } from "../chat/dom.ts";

/** A page that is not shown is given no frames: rows come on a timer then. */
const hiddenMilliseconds = 250;
const sweepMilliseconds = 250;
/** As long as overlay.css lets a row fade. */
const leaveMilliseconds = 400;
const riseMilliseconds = 200;
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

type Row = { element: HTMLElement; senderId: string; restsUntil: number; goneAt?: number };

/**
 * The rows, the newest at the bottom. Each rises, rests for `fadeSeconds` and fades; of more than
 * `max` the oldest leave at once. One timer looks after all of them.
 */
export function createColumn({ max, fadeSeconds }: { max: number; fadeSeconds: number }) {
  const element = make("div", { class: "ov-rows", role: "log", "aria-live": "off" });
  let rows: Row[] = [];
  let waiting: Row[] = [];
  let isAsked = false;
  const restMilliseconds = fadeSeconds === 0 ? Number.POSITIVE_INFINITY : fadeSeconds * 1000;

  function flush(): void {
    const fresh = waiting;
    waiting = [];
    isAsked = false;
    rows.push(...fresh);
    for (const { element: old } of rows.splice(0, Math.max(0, rows.length - max))) old.remove();
    element.append(...fresh.map((one) => one.element));
    const newest = fresh.at(-1)?.element;
    if (newest === undefined || isStill) return;
    // All of them rise together, by as much as the last one is high.
    const from = `translateY(${newest.offsetHeight}px)`;
    const [duration, easing] = [riseMilliseconds, "cubic-bezier(0.2, 0.8, 0.2, 1)"];
    element.animate({ transform: [from, "none"] }, { duration, easing });
  }

  const sweeping = setInterval(() => {
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
      if (isAsked) return;
      isAsked = true;
      if (document.hidden) setTimeout(flush, hiddenMilliseconds);
      else requestAnimationFrame(flush);
    },
    /** Restarts a row's display time; false if it has been removed. */
    touch(made: HTMLElement): boolean {
      const row = [...rows, ...waiting].find((one) => one.element === made);
      if (row === undefined || row.goneAt !== undefined) return false;
      row.restsUntil = performance.now() + restMilliseconds;
      return true;
    },
    /** Takes out at once what must not be seen any more. */
    remove(isMeant: (element: HTMLElement, senderId: string) => boolean): void {
      const keep = ({ element: one, senderId }: Row) => !isMeant(one, senderId);
      for (const row of rows) if (!keep(row)) row.element.remove();
      rows = rows.filter(keep);
      waiting = waiting.filter(keep);
    },
    stop: () => clearInterval(sweeping),
  };
}
