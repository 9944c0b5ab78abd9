import type { ReadStream } from "node:tty";

/** The action of a key; `says` is its line in the list of keys. */
export type KeyAction = { key: string; says: string; act(): void | Promise<void> };

/** The part of a terminal's input that is used. */
type Terminal = Pick<ReadStream, "isTTY" | "setRawMode" | "resume" | "pause" | "unref"> & {
  on(event: "data", listener: (data: Buffer) => void): unknown;
};

const interrupt = "\u0003";

/**
 * Handles key presses on a terminal: each key runs its action at once, `h` lists the keys, Ctrl-C
 * ends the system. An action's error is printed and ends nothing. Returns a function that restores
 * the terminal.
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
  // Raw mode: keys arrive one by one, without echo.
  terminal.setRawMode(true);
  terminal.on("data", (data) => {
    for (const key of data.toString()) {
      if (key === interrupt) interrupted();
      else void run(all.get(key));
    }
  });
  terminal.resume();
  // Waiting for keys must not keep the process alive.
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
