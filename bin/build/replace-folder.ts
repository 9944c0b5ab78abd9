import { renameSync, rmSync } from "node:fs";

/** Rename cannot overwrite a folder, so the loser of a race retries at most this often. */
const triesMax = 20;

/**
 * Replaces a folder by one that was made elsewhere. The old one is moved aside first and removed
 * afterwards, so a reader finds the old or the new file, except between the two renames. Several
 * processes may do it at once; one result remains.
 */
export function replaceFolder(made: string, target: string): void {
  const aside = `${made}-before`;
  for (let tries = 1; ; tries++) {
    rmSync(aside, { recursive: true, force: true });
    ifThere(() => renameSync(target, aside));
    try {
      renameSync(made, target);
      break;
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // Another process was faster: on Windows, the code is EPERM.
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(code) || tries >= triesMax) throw error;
    }
  }
  rmSync(aside, { recursive: true, force: true });
}

function ifThere(act: () => void): void {
  try {
    act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
