/** A package runs code at its installation only if we have said so. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

type Lock = { packages: Record<string, { hasInstallScript?: true }> };
const json = (path: string) => JSON.parse(readFileSync(path, "utf8")) as unknown;

test("npm refuses to install a package whose install script nobody has allowed or denied", () => {
  expect(readFileSync(".npmrc", "utf8").split("\n")).toContain("strict-allow-scripts=true");
});

test("every install script of the lock file is allowed or denied, and nothing else is listed", () => {
  const { allowScripts } = json("package.json") as { allowScripts: Record<string, boolean> };
  const withScripts = Object.entries((json("package-lock.json") as Lock).packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split("node_modules/").at(-1)!);
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScripts)].sort());
});
