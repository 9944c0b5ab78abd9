import { renameSync, rmSync } from "node:fs";

/** A folder cannot take another's name, so whoever is faster is tried to be replaced in turn. */
const triesMax = 20;

/**
 * Moves a folder that was made elsewhere to its place. What was there is moved aside first and
 * removed afterwards: whoever opens a file there finds the old one or the new one, but for the
 * moment between two renames. Several may do it at once, and one of theirs stays.
 */
export function replaceFolder(made: string, place: string): void {
  const aside = `${made}-before`;
  for (let tries = 1; ; tries++) {
    rmSync(aside, { recursive: true, force: true });
    ifThere(() => renameSync(place, aside));
    try {
      renameSync(made, place);
      break;
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // Somebody else has put theirs there in between; Windows says it in its own words.
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
