import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

/** Debian's headless shell first: it takes less CPU (docs/decisions/tests-and-tooling.md). */
const names = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "chrome.exe",
  "msedge.exe",
];

/** Where macOS and Windows install Chrome and Edge, outside of PATH. */
function listInstalled(): string[] {
  const { HOME = "", LOCALAPPDATA, PROGRAMFILES, "PROGRAMFILES(X86)": x86 } = process.env;
  const apps = ["Google Chrome", "Chromium", "Microsoft Edge"].flatMap((name) =>
    ["/Applications", join(HOME, "Applications")].map((folder) =>
      join(folder, `${name}.app/Contents/MacOS/${name}`),
    ),
  );
  const programs = [LOCALAPPDATA, PROGRAMFILES, x86]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) =>
      ["Google\\Chrome\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"].map(
        (file) => `${folder}\\${file}`,
      ),
    );
  return { darwin: apps, win32: programs }[process.platform as string] ?? [];
}

/**
 * The Chromium of this machine: the variable `CHROMIUM`, else the first known name in PATH, else
 * the default locations on macOS and Windows, else the one installed by `npm run install:browser`.
 * Undefined if there is none.
 */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.CHROMIUM, ...found, ...listInstalled(), chromium.executablePath()].find(
    (path) => path && existsSync(path),
  );
}
