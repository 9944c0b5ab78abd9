/** How long an answer that is on its way may take to leave the process, in milliseconds. */
const answerMilliseconds = 50;

/**
 * Ends this process as `kill -9` would, without a word to anybody in it, and lets a new run of the
 * same program take its place and its id: whoever started it (npm, a shell) notices nothing. The
 * system is at the same port again, with nothing but what lies in its data directory. `url` is
 * where it is now, since its port may have been the system's choice.
 */
export function restartNow(url: string): void {
  const { execPath, execArgv, argv } = process;
  const env = { ...process.env, PORT: new URL(url).port } as Record<string, string>;
  setTimeout(() => {
    // Until then a signal would have ended it; what has begun to start has its own way to end.
    process.execve!(execPath, [execPath, ...execArgv, ...argv.slice(1)], env);
  }, answerMilliseconds);
}
