/** A page in the background is given no frames: a timer takes their place then. */
const hiddenMilliseconds = 250;

/** What one chat does at a frame. */
type Turn = {
  /** Changes rows. */
  change(): void;
  /** Looks at sizes, and scrolls. */
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
 * Gives a chat its turn at the next frame, once however often it is asked for. All chats of a page
 * change before any of them looks at a size, so that the page is laid out once and not for each.
 */
export function takeTurn(turn: Turn): void {
  turns.add(turn);
  if (turns.size > 1) return;
  if (document.hidden) setTimeout(run, hiddenMilliseconds);
  else requestAnimationFrame(run);
}
