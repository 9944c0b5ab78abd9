/** Ends the program with the npm that runs it. */

const lookMilliseconds = 250;

/**
 * npm runs a script through a shell, and killing the shell does not kill the script. So a run that
 * npm started ends itself; one started by hand may outlive its terminal.
 */
export function onParentExit(end: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && isAlive(parent)) return;
    clearInterval(timer);
    end();
  }, lookMilliseconds);
  timer.unref();
}

/**
 * Whether a process exists: on Windows an orphan keeps its parent's id, so only this detects it.
 */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
