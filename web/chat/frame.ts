/** A page in the background gets no animation frames: a timer is used instead. */
const hiddenMilliseconds = 250;

/** The work of one chat in an animation frame. */
type Turn = {
  /** Changes rows. */
  change(): void;
  /** Reads sizes, and scrolls. */
  settle(): void;
};

const turns = new Set<Turn>();

function run(): void {
  const all = [...turns];
  turns.clear();
  for (const turn of all) turn.change();
  for (const turn of all) turn.settle();
}

/**
 * Schedules a chat's work for the next frame, once per frame. All chats of a page write before any
 * of them reads sizes, so that the page is laid out only once.
 */
export function takeTurn(turn: Turn): void {
  turns.add(turn);
  if (turns.size > 1) return;
  if (document.hidden) setTimeout(run, hiddenMilliseconds);
  else requestAnimationFrame(run);
}
