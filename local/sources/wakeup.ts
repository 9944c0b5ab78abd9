/** An interruptible sleep for one loop. */
type Wakeup = {
  /** Wakes `wait`, now or the next time. */
  set(): void;
  isSet(): boolean;
  /** Whether it was set; resets it. */
  take(): boolean;
  /** Waits until it is set or the time has passed; resets it. */
  wait(milliseconds: number): Promise<void>;
  /** Waits the whole time, whether set or not; only `end` interrupts it. */
  pause(milliseconds: number): Promise<void>;
  /** Ends every sleep, now and later. */
  end(): void;
};

/** Creates a wakeup that is not set. */
export function createWakeup(): Wakeup {
  let raised = false;
  let ended = false;
  let wakeUp: (() => void) | undefined;
  let cut: (() => void) | undefined;
  const sleep = (milliseconds: number, keep: (wake: () => void) => void) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      keep(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  const take = () => {
    const was = raised;
    raised = false;
    return was;
  };
  return {
    set() {
      raised = true;
      wakeUp?.();
    },
    isSet: () => raised,
    take,
    async wait(milliseconds) {
      if (!raised && !ended)
        await sleep(milliseconds, (wake) => {
          wakeUp = wake;
        });
      wakeUp = undefined;
      raised = false;
    },
    async pause(milliseconds) {
      if (ended) return;
      await sleep(milliseconds, (wake) => {
        cut = wake;
      });
      cut = undefined;
    },
    end() {
      ended = true;
      wakeUp?.();
      cut?.();
    },
  };
}
