/** A page in the background gets no animation frames, so a timer runs the work as well. */
const hiddenMilliseconds = 250;

/** The work of one chat in an animation frame. */
type Turn = {
  /** Changes rows. */
  change(): void;
  /** Reads sizes, and scrolls. */
  settle(): void;
};

const turns = new Set<Turn>();
let timer: ReturnType<typeof setTimeout> | undefined;

function run(): void {
  clearTimeout(timer);
  const all = [...turns];
  turns.clear();
  for (const turn of all) turn.change();
  for (const turn of all) turn.settle();
}

/**
 * Schedules a chat's work for the next frame, once per frame. All chats of a page write before any
 * of them reads sizes, so that the page is laid out only once.
 */
export function scheduleFrame(turn: Turn): void {
  const isScheduled = turns.size > 0;
  turns.add(turn);
  if (isScheduled) return;
  // Also in a visible page: it may be hidden before the frame.
  timer = setTimeout(run, hiddenMilliseconds);
  if (!document.hidden) requestAnimationFrame(run);
}
