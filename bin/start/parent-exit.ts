import { isRunning } from "../../local/state.ts";

const lookMilliseconds = 250;

/**
 * Calls `end` once this process's parent has ended. For runs that npm started: it uses a shell, and
 * killing that does not kill the script. A run started by hand may outlive its terminal.
 */
export function onParentExit(end: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    // On Windows an orphan keeps its parent's id, so only the second condition detects it.
    if (process.ppid === parent && isRunning(parent)) return;
    clearInterval(timer);
    end();
  }, lookMilliseconds);
  timer.unref();
}
