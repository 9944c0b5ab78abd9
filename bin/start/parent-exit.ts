import { isRunning } from "../../local/state.ts";

const lookMilliseconds = 250;

/**
 * npm runs a script through a shell, and killing the shell does not kill the script. So a run that
 * npm started ends itself; one started by hand may outlive its terminal.
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
