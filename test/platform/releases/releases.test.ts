import { brotliDecompressSync } from "node:zlib";
import { bundleRelease, readRelease, releaseBytesMax } from "../../../bin/build/release-bundle.ts";
import { rowsOf } from "../../../lib/stages/route-table.ts";
import { key } from "../../../platform/table/keys.ts";
import { callEndpoint } from "../api-call.ts";
import { type Kind, kindsOf } from "./kinds.ts";
import { command, type Life, live } from "./life.ts";
import { commandsOf, readsOf } from "./reads.ts";
import { closeTable, goOn, runSchedules, shareItems, shareLeaders } from "./second-life.ts";
import { startWorld, type Version } from "./world.ts";

/*
 * The latest release and this checkout at work on one table, as during a deployment and after a
 * rollback. One handles the calls while the other one reads the table's stream and the queues; what
 * one wrote both read alike; and one goes on with what the other began. What a change breaks here
 * is a new form (platform/table/layout.ts).
 */

const release = readRelease();
const bundles = {
  release: brotliDecompressSync(release.compressed).toString(),
  checkout: await bundleRelease(),
};

type Keys = typeof import("../../../platform/table/keys.ts");
type Layout = typeof import("../../../platform/table/layout.ts");
type Migrate = typeof import("../../../platform/table/migrate.ts");
type Forms = Layout["forms"] & Pick<Migrate, "migrations">;

/** Kinds whose items are of another kind, too. */
const elsewhere: Partial<Record<Kind, string>> = {
  escrow: "has the keys of escrowOf, whose parts it names by their digit",
  over: "has the keys of overFor, whose parts it names by their digit",
};

/** Routes that read no item. */
const readNothing = [
  ...["GET /asyncapi.json", "GET /docs", "GET /docs/events", "GET /docs/guides", "GET /health"],
  ...["GET /openapi.json", "GET /v1/app-config", "GET /{proxy+}", "GET /api/v1/sign-in"],
];

/** Times in an answer, and the watch times up to it. */
const isTransient = (name: string) => /^(timestamp|exportedAt|.*WatchTimeMinutes)$/.test(name);
/** A user who left has a picture of this moment. */
const untimed = (photo: object) => ({ ...photo, createdAt: "", updatedAt: "" });
const lasting = (body: object) =>
  JSON.parse(
    JSON.stringify(body, (name, value) =>
      isTransient(name) ? undefined : name === "profilePhoto" ? untimed(value) : value,
    ),
  );

/**
 * What both versions show of a life: the checkout all that the release does. Both start with empty
 * caches: lists that were cached at different moments would differ.
 */
async function compareReads(versions: readonly Version[], life: Life, mustSucceed: boolean) {
  const reads = readsOf(life);
  for (const version of versions) version.restart();
  for (const { name, contract } of rowsOf("endpoint")) {
    for (const call of [reads[contract.route] ?? []].flat()) {
      const shown = new Map<string, { status: number; body: object }>();
      for (const version of versions) {
        const { status, body } = await callEndpoint(version.handler(name), call);
        shown.set(version.name, { status, body: lasting(body) });
      }
      const [old, now] = [shown.get("release")!, shown.get("checkout")!];
      expect({ name, ...now }).toMatchObject({ name, ...old });
      if (mustSucceed) expect([name, old.status]).toEqual([name, 200]);
    }
  }
}

async function compareCommands(versions: readonly Version[], life: Life) {
  for (const [name, body] of Object.entries(commandsOf(life))) {
    const shown = new Map<string, object>();
    for (const version of versions) {
      const { RequestId: _, ...told } = (await command(version, name, body)) as {
        RequestId?: string;
      };
      shown.set(version.name, told);
    }
    expect(shown.get("checkout")).toMatchObject(shown.get("release")!);
  }
}

type Kinds = Record<string, Set<Kind>>;
/** The kinds of items that each version has met after the other one had written them. */
const met: Kinds = { release: new Set(), checkout: new Set() };
/** The kinds of items that each version has written. */
const wrote: Kinds = { release: new Set(), checkout: new Set() };
/** The kinds that the release has. */
let known: string[] = [];

test.each([
  ["release", "checkout"],
  ["checkout", "release"],
])("data that the %s writes, the %s reads, shows and changes", async (first, second) => {
  const world = await startWorld(bundles);
  try {
    const find = (name: string) => world.versions.find((version) => version.name === name)!;
    const [writer, other] = [find(first), find(second)];
    known = Object.keys(find("release").of<Keys>("table/keys").key);
    const life = await live(writer, () => world.pump(other));
    await compareReads(world.versions, life, true);
    await compareCommands(world.versions, life);
    await shareItems(writer, other, life);
    await shareLeaders(writer, other, life);
    for (const version of [other, writer]) await runSchedules(version);
    await world.pump(writer);
    await goOn(other, life, () => world.pump(writer));
    await world.pump(writer, true);
    await compareReads(world.versions, life, false);
    await closeTable(writer, other);
    for (const version of world.versions) {
      expect([version.name, await version.audit()]).toMatchObject([version.name, { misfits: [] }]);
      for (const kind of version.met.flatMap(kindsOf)) met[version.name]!.add(kind);
      for (const kind of version.wrote.flatMap(kindsOf)) wrote[version.name]!.add(kind);
    }
  } finally {
    await world.stop();
  }
});

const kinds = (Object.keys(key) as Kind[]).filter((kind) => elsewhere[kind] === undefined);

test.each(["release", "checkout"])(
  "the %s has read every kind of item of the other version",
  (name) => {
    const both = kinds.filter((kind) => known.includes(kind));
    expect(both.length).toBeGreaterThan(90);
    expect(both.filter((kind) => !met[name]!.has(kind))).toEqual([]);
  },
);

test("every kind of item that the release lacks existed while it ran", () => {
  expect(kinds.filter((kind) => !known.includes(kind) && !wrote.checkout!.has(kind))).toEqual([]);
});

test("every reading route is compared", () => {
  const routes = rowsOf("endpoint").map(({ contract }) => contract.route as string);
  const reading = routes.filter((route) => route.startsWith("GET "));
  const compared = Object.keys(readsOf({ gifts: [], messages: [] } as never));
  expect([...compared, ...readNothing].sort()).toEqual(reading.sort());
});

test("each version reads the data form that the other one writes, so that both may be deployed", async () => {
  expect(Buffer.byteLength(bundles.release)).toBeLessThanOrEqual(releaseBytesMax);
  const world = await startWorld(bundles);
  await world.stop();
  const [old, now] = ["release", "checkout"].map((name) => {
    const version = world.versions.find((each) => each.name === name)!;
    const { migrations } = version.of<Migrate>("table/migrate");
    return { ...version.of<Layout>("table/layout").forms, migrations };
  }) as [Forms, Forms];
  for (const [{ writes }, { reads }] of [
    [old, now],
    [now, old],
  ] as const)
    expect(writes >= reads.from && writes <= reads.to).toBe(true);
  // What is not read any more has been migrated by the release.
  for (let form = old.reads.from; form < now.reads.from; form++)
    expect(old.migrations.map(({ from }) => from)).toContain(form);
});
