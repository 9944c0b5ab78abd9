/** The output for progress steps; `isLive` if a line can be overwritten. */
export type Screen = { isLive: boolean; write(text: string): void };

const tickMilliseconds = 1000;

/** Seconds since a time of `performance.now`, with one decimal. */
export const secondsSince = (began: number) => ((performance.now() - began) / 1000).toFixed(1);

/**
 * Shows a task and its duration if it takes longer than a second: a counting line on a terminal,
 * two lines elsewhere. Settles like the task.
 */
export async function withProgress<Result>(
  text: string,
  screen: Screen,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  let isTold = false;
  const timer = setInterval(() => {
    if (screen.isLive) screen.write(`\r${text} … ${secondsSince(began).split(".")[0]} s`);
    else if (!isTold) screen.write(`${text} …\n`);
    isTold = true;
  }, tickMilliseconds);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    const line = `${text}: ${secondsSince(began)} s\n`;
    if (isTold) screen.write(screen.isLive ? `\r${line}` : line);
  }
}
