import { spawn } from "node:child_process";

/** How long an answer that is on its way may take to leave the process, in milliseconds. */
const answerMilliseconds = 50;

/**
 * Ends this process as `kill -9` would, without a word to anybody in it, and lets a new run of the
 * same program take its place and its id: its parent (npm, a shell) notices nothing. The
 * system is at the same port again, with nothing but what lies in its data directory. `url` is
 * where it is now, since its port may have been the system's choice. Where a process cannot be
 * replaced (Windows) `stop` gives up what is held, and a child goes on.
 */
export function restartNow(url: string, stop: () => Promise<void>): void {
  const { execPath, execArgv, argv, execve } = process;
  const env = { ...process.env, PORT: new URL(url).port } as Record<string, string>;
  const given = [...execArgv, ...argv.slice(1)];
  setTimeout(() => {
    // Until then a signal would have ended it; what has begun to start has its own way to end.
    if (execve !== undefined) execve.call(process, execPath, [execPath, ...given], env);
    else void stop().then(() => continueInChild(execPath, given, env));
  }, answerMilliseconds);
}

/** Runs the program as a child that has our terminal, and ends as it does. */
function continueInChild(program: string, given: string[], env: Record<string, string>): void {
  const child = spawn(program, given, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  child.once("exit", (code) => process.exit(code ?? 1));
}
