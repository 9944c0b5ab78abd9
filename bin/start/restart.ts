import { spawn } from "node:child_process";

/** How long a pending response may take to leave the process, in milliseconds. */
const answerMilliseconds = 50;

/**
 * Ends this process like `kill -9`, without cleanup, and replaces it with a new run of the same
 * program under the same process id, so that its parent (npm, a shell) does not notice. The system
 * restarts on the same port, with nothing but its data directory. `url` is the current address,
 * because the system may have chosen the port. Where a process cannot be replaced (Windows), `stop`
 * releases its resources and a child process continues.
 */
export function restartNow(url: string, stop: () => Promise<void>): void {
  const { execPath, execArgv, argv, execve } = process;
  const env = { ...process.env, PORT: new URL(url).port } as Record<string, string>;
  const given = [...execArgv, ...argv.slice(1)];
  setTimeout(() => {
    // The default handlers end the process until the new run installs its own.
    if (execve !== undefined) execve.call(process, execPath, [execPath, ...given], env);
    else void stop().then(() => continueInChild(execPath, given, env));
  }, answerMilliseconds);
}

/** Runs the program as a child process on our terminal, and exits with its code. */
function continueInChild(program: string, given: string[], env: Record<string, string>): void {
  const child = spawn(program, given, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  child.once("exit", (code) => process.exit(code ?? 1));
}
