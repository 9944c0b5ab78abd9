/** How often it looks, and how late a look must be to show that the machine stood still. */
const stepMilliseconds = 20;
const lateMilliseconds = 100;

/** Real ones, also while a test sets its clock. */
const [every, stopEvery] = [setInterval, clearInterval];

/**
 * Watches for standstills of the whole machine, in which neither the product nor the test runs. The
 * returned function ends that, and says for how many of the last milliseconds the machine ran.
 */
export function watchStandstills(): (lastMilliseconds: number) => number {
  const stops: { end: number; milliseconds: number }[] = [];
  let seen = { at: performance.now(), used: process.cpuUsage() };
  const look = () => {
    const at = performance.now();
    // A process that computes is late as well, but has not stood still.
    const { user, system } = process.cpuUsage(seen.used);
    const late = at - seen.at - stepMilliseconds - (user + system) / 1_000;
    if (late > lateMilliseconds) stops.push({ end: at, milliseconds: late });
    seen = { at, used: process.cpuUsage() };
  };
  const timer = every(look, stepMilliseconds).unref();
  return (last) => {
    stopEvery(timer);
    look();
    const began = seen.at - last;
    const lost = stops.map(({ end, milliseconds }) =>
      Math.min(milliseconds, Math.max(0, end - began)),
    );
    return last - lost.reduce((sum, one) => sum + one, 0);
  };
}

/** Plays something again if the machine stood still for over a second, in which posts are lost. */
export async function playUndisturbed<T>(play: () => Promise<T>): Promise<T> {
  for (let left = 10; ; left--) {
    const runningOf = watchStandstills();
    const began = performance.now();
    const result = await play();
    const took = performance.now() - began;
    if (took - runningOf(took) < 1_000 || left === 0) return result;
  }
}
