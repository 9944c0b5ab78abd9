/** A part of jest's hooks for plugins of its watch mode. */
type Hooks = {
  onFileChange(heard: () => void): void;
  shouldRunTestSuite(heard: () => Promise<boolean>): void;
  onTestRunComplete(heard: () => void): void;
};

/**
 * Ends a run of `npm test -- --watch` when a file is edited, and starts the next one: jest itself
 * ignores edits while it runs. The file that is running ends first.
 */
export default class RunAgain {
  readonly #pressEnter: () => void;

  constructor({ stdin }: { stdin: NodeJS.ReadStream }) {
    // Enter interrupts a run, and starts one if there is none.
    this.#pressEnter = () => stdin.emit("data", "\r");
  }

  apply(hooks: Hooks): void {
    let isRunning = false;
    let isEdited = false;
    hooks.shouldRunTestSuite(async () => {
      isRunning = true;
      return true;
    });
    hooks.onFileChange(() => {
      if (!isRunning || isEdited) return;
      isEdited = true;
      this.#pressEnter();
    });
    hooks.onTestRunComplete(() => {
      if (isEdited) setImmediate(this.#pressEnter);
      isRunning = false;
      isEdited = false;
    });
  }
}
