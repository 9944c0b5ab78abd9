import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { createBundles } from "../../bin/start/reload.ts";
import { watchSources } from "../../bin/start/watch-sources.ts";
import type { System } from "../../local/index.ts";

const file = "functions/app/health.ts";
const name = "ovation-dev-app-health";
const turn = () => new Promise((done) => setImmediate(done));

/** A running function whose bundles finish when the test says; each has the source as it began. */
function createEdits() {
  const functions: Record<string, { directory: string }> = {
    [name]: { directory: "at its start" },
  };
  const system = { stage: { functions } } as System;
  const building: { finish(): void; fail(): void }[] = [];
  const built = new Map<string, string>();
  const said: string[] = [];
  let source = "";
  const note = (text: string) => void said.push(text);
  const bundles = createBundles({ stage: "dev", say: note, complain: note }, (folder) => {
    const begun = source;
    return new Promise((done, failed) => {
      const finish = () => {
        built.set(`${folder}/app-health`, begun);
        done({});
      };
      building.push({ finish, fail: () => failed(new Error("does not compile")) });
    });
  });
  return {
    building,
    bundles,
    said,
    edit(text: string) {
      source = text;
      bundles.renew(system, new Set([file]), [file]);
    },
    /** The source of the code that a call runs now. */
    active: () => built.get(functions[name]!.directory) ?? functions[name]!.directory,
  };
}

test("a call after a second edit waits for it, though the first bundle has finished", async () => {
  const { edit, building, bundles, active } = createEdits();
  edit("first");
  edit("second");
  building.shift()!.finish();
  await turn();
  const ready = bundles.refresh(name);
  expect(ready).toBeDefined();
  building.shift()!.finish();
  await ready;
  expect(active()).toBe("second");
  expect(bundles.refresh(name)).toBeUndefined();
});

test("the newest bundle stays active in whichever order bundles finish", async () => {
  const { edit, building, bundles, active, said } = createEdits();
  for (const text of ["first", "second", "third"]) edit(text);
  for (let next = building.pop(); next; next = building.pop()) {
    next.finish();
    await turn();
  }
  expect(active()).toBe("third");
  expect(bundles.refresh(name)).toBeUndefined();
  expect(said).toHaveLength(3);
});

test("an edit that does not compile leaves the next one to be bundled", async () => {
  const { edit, building, bundles, active, said } = createEdits();
  edit("broken");
  edit("fixed");
  building.shift()!.fail();
  await turn();
  building.shift()!.finish();
  await bundles.refresh(name);
  expect(active()).toBe("fixed");
  edit("broken again");
  building.shift()!.fail();
  await bundles.refresh(name);
  expect(active()).toBe("fixed");
  expect(said.filter((text) => text.includes("cannot be bundled"))).toHaveLength(2);
});

describe("watched folders", () => {
  let root: string;
  let seen: Set<string>;
  let stop: () => void;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "ovation-watch-"));
    mkdirSync(join(root, "lib/relay/rooms"), { recursive: true });
    seen = new Set();
    stop = watchSources(root, ["lib", "web"], (files) => {
      for (const one of files) seen.add(one);
    });
  });
  afterEach(() => {
    stop();
    rmSync(root, { recursive: true });
  });

  const write = (path: string) => writeFileSync(join(root, path), "");
  async function sees(...paths: string[]): Promise<void> {
    const end = Date.now() + 60_000;
    while (!paths.every((path) => seen.has(path)) && Date.now() < end) await rest(10);
    expect([...seen]).toEqual(expect.arrayContaining(paths));
  }

  test.each([
    ["removed", "lib/relay", (path: string) => rmSync(path, { recursive: true })],
    ["removed with all of lib", "lib", (path: string) => rmSync(path, { recursive: true })],
    ["moved away", "lib/relay", (path: string) => renameSync(path, `${root}/${performance.now()}`)],
  ])("report edits after they were %s and created again", async (_, folder, remove) => {
    for (const pause of [0, 100]) {
      remove(join(root, folder));
      await rest(pause);
      mkdirSync(join(root, "lib/relay/rooms"), { recursive: true });
      const files = (name: string) => [`lib/relay/${name}.ts`, `lib/relay/rooms/${name}.ts`];
      for (const name of [`same-time-${pause}`, `later-${pause}`]) {
        for (const file of files(name)) write(file);
        await sees(...files(name));
      }
    }
  });

  test("report what is in folders created later", async () => {
    mkdirSync(join(root, "web/new"), { recursive: true });
    write("web/new/page.html");
    await sees("web/new/page.html");
  });
});
