import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "chrome.exe", "msedge.exe"];

/**
 * The Chromium of this machine: what the variable `CHROMIUM` names, else the first in PATH of the
 * names that it is installed by. Undefined when there is none.
 */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.CHROMIUM, ...found].find((path) => path && existsSync(path));
}
