import type { ReadStream } from "node:tty";

/** What a key does: `says` is its line in the list of keys. */
export type KeyAction = { key: string; says: string; act(): void | Promise<void> };

/** As much of a terminal's input as is needed. */
type Terminal = Pick<ReadStream, "isTTY" | "setRawMode" | "resume" | "pause" | "unref"> & {
  on(event: "data", listener: (data: Buffer) => void): unknown;
};

const interrupt = "\u0003";

/**
 * Lets a person at a terminal press keys: each does its action at once, `h` lists them, Ctrl-C ends.
 * What an action throws is said and ends nothing. Answers what gives the terminal back as it was.
 */
export function listenToKeys(
  terminal: Terminal,
  actions: readonly KeyAction[],
  { say, interrupted }: { say(text: string): void; interrupted(): void },
): () => void {
  const help: KeyAction = {
    key: "h",
    says: "list the keys",
    act: () => say([...actions, help].map(({ key, says }) => `  ${key}  ${says}`).join("\n")),
  };
  const all = new Map([...actions, help].map((action) => [action.key, action]));
  // The keys come one by one, and are not shown.
  terminal.setRawMode(true);
  terminal.on("data", (data) => {
    for (const key of data.toString()) {
      if (key === interrupt) interrupted();
      else void run(all.get(key));
    }
  });
  terminal.resume();
  // Nobody's key is waited for where everything else has ended.
  terminal.unref();
  return () => {
    terminal.setRawMode(false);
    terminal.pause();
  };

  async function run(action: KeyAction | undefined): Promise<void> {
    try {
      await action?.act();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
}
