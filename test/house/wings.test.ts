import { describe, expect, test } from "@jest/globals";
import { type Source, sourcesOf } from "./sources.ts";

/** The floors of the subjects: each may know those before it. */
const floors = ["people", "streams", "money"] as const;
const below = (subject: string) =>
  floors.slice(0, floors.includes(subject as never) ? floors.indexOf(subject as never) : undefined);

/** What the store's rooms of one subject may know of the domain: what that subject itself may. */
const storeRule = (subject: string, others: readonly string[]) => [
  "platform",
  "platform/table",
  ...others.map((other) => `platform/store/${other}`),
  "domain",
  ...[...below(subject), subject].map((one) => `domain/${one}`),
];

/**
 * The wings of the rooms, by what each may import beside itself. A room's name alone means the files
 * that lie in it directly: they are what all its wings stand on.
 */
const wings: Record<string, readonly string[]> = {
  domain: [],
  "domain/people": ["domain"],
  "domain/streams": ["domain", "domain/people"],
  "domain/money": ["domain", "domain/people", "domain/streams"],
  "domain/log": ["domain", "domain/people", "domain/streams", "domain/money"],
  "domain/tencent": ["domain", "domain/people", "domain/streams", "domain/money"],
  "domain/webhooks": ["domain", "domain/log"],

  platform: ["domain", "domain/people", "domain/log", "platform/table"],
  "platform/aws": ["platform"],
  "platform/table": ["platform", "domain"],
  "platform/store/people": storeRule("people", []),
  "platform/store/streams": storeRule("streams", ["people"]),
  "platform/store/money": storeRule("money", ["people", "streams"]),
  "platform/store/log": storeRule("log", ["people", "streams"]),
  "platform/store/tencent": storeRule("tencent", ["people", "streams", "money"]),
  "platform/store/webhooks": ["platform", "platform/table", "domain", "domain/webhooks"],
  "platform/outbound": ["platform", "domain"],
  "platform/http": ["platform", "platform/table", "domain"],
  "platform/push": [
    ...["platform", "platform/table", "domain", "domain/people", "domain/streams", "domain/log"],
    "domain/webhooks",
    ...["platform/store/people", "platform/store/streams", "platform/store/log"],
  ],
  "platform/realtime": [
    ...["platform", "platform/table", "platform/http", "platform/push", "platform/webhooks"],
    ...["platform/store/streams", "platform/store/log"],
    ...["domain", "domain/streams", "domain/log"],
  ],
  "platform/webhooks": [
    ...["platform", "platform/outbound", "platform/push"],
    ...["platform/store/webhooks", "platform/store/tencent"],
    ...["domain", "domain/log", "domain/tencent", "domain/webhooks"],
  ],
  "platform/tencent": [
    ...["platform", "platform/table", "platform/http", "platform/outbound", "platform/webhooks"],
    ...["platform/store/log", "platform/store/money", "platform/store/tencent"],
    "platform/store/webhooks",
    ...["domain", "domain/streams", "domain/money", "domain/tencent", "domain/webhooks"],
  ],
  "platform/own-data": [
    ...["platform", "platform/table", "domain", "domain/people", "domain/streams", "domain/money"],
    ...["domain/log", "platform/store/people", "platform/store/streams"],
    ...["platform/store/money", "platform/store/log"],
  ],
  "platform/audit": [
    "platform",
    "platform/table",
    "platform/store/money",
    "domain",
    "domain/money",
  ],

  local: [],
  "local/assembly": ["local"],
  "local/gateway": ["local"],
  "local/lambda": ["local"],
  "local/monitoring": ["local"],
  "local/sources": ["local"],
  "local/engine": ["local"],
  "local/aws": ["local", "local/sources", "local/engine"],
};

/** Whoever may import more, and why. One that is not needed any more has to go from here. */
const exceptions: Record<string, readonly RegExp[]> = {
  // Starts everything.
  "local/index.ts": [/^local\//],
  // Answers over the gateway's own routes.
  "local/issuer.ts": [/^local\/gateway\/own-routes\.ts$/],
  "local/issuer-code.ts": [/^local\/gateway\/own-(host|routes)\.ts$/],
  // What the sources, the gateway and the connections are given of a function.
  "local/lambda/function-routes.ts": [/^local\/(aws\/index|gateway\/(own-routes|sockets))\.ts$/],
  "local/monitoring/index.ts": [/^local\/gateway\/own-routes\.ts$/],
  // What a source of events tells the endpoint of AWS: calls are counted, batches put aside.
  "local/sources/queues.ts": [/^local\/aws\/meter\.ts$/],
  "local/sources/stream-calls.ts": [/^local\/aws\/engine-call\.ts$/],
  "local/sources/stream-feed.ts": [/^local\/aws\/engine-call\.ts$/],
  "local/sources/streams.ts": [/^local\/aws\/(engine-call|objects)\.ts$/],
  // A use case over people and streams: who is told of what.
  "platform/notices.ts": [/^platform\/store\/(people|streams)\//, /^domain\/streams\//],
  // One call to Cognito, for which no package of the SDK is installed.
  "platform/second-factor.ts": [/^platform\/aws\/client-user-pool\.ts$/],
  // The rules that Tencent's side sets for a room count for whoever enters it.
  "platform/store/streams/admission.ts": [/^domain\/tencent\/room-info\.ts$/],
};

const rooms = /^(domain|platform|local)\//;

/** `platform/store/money/gifts.ts` → `platform/store/money`; a file of the room itself → `platform`. */
function wingOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return folders.slice(0, folders[1] === "store" ? 3 : 2).join("/");
}

/** What a source imports out of its wing though its wing may not. */
function strangers({ path, imports }: Pick<Source, "path" | "imports">): string[] {
  const own = wingOf(path);
  const may = wings[own];
  if (may === undefined) return [`a wing that is not in the list: ${own}`];
  return imports
    .filter((name) => rooms.test(name))
    .filter((name) => wingOf(name) !== own && !may.includes(wingOf(name)));
}

describe.each(["domain", "platform", "local"])("the wings of %s", (room) => {
  test("import only those below them", () => {
    const found = sourcesOf(room).flatMap((source) =>
      strangers(source)
        .filter((name) => !exceptions[source.path]?.some((exception) => exception.test(name)))
        .map((name) => `${source.path} imports ${name}`),
    );
    expect(found).toEqual([]);
  });
});

test("no wing is in the list that is not there, and no exception that nobody needs", () => {
  const sources = sourcesOf("domain", "platform", "local");
  const there = new Set(sources.map(({ path }) => wingOf(path)));
  expect(Object.keys(wings).filter((wing) => !there.has(wing))).toEqual([]);
  const unneeded = Object.entries(exceptions).flatMap(([path, patterns]) => {
    const found = strangers(sources.find((source) => source.path === path)!);
    const idle = patterns.filter((pattern) => !found.some((name) => pattern.test(name)));
    return idle.map((pattern) => `${path} ${pattern}`);
  });
  expect(unneeded).toEqual([]);
});

test("the list of wings has no circle: each stands on those that do not stand on it", () => {
  const settled = new Set<string>();
  // The files of platform/ itself are below and above the table's driver, file by file.
  const standing = {
    ...wings,
    platform: wings.platform!.filter((one) => one !== "platform/table"),
  };
  let left = Object.entries(standing);
  for (let size = -1; left.length !== size; ) {
    size = left.length;
    for (const [wing, may] of left) if (may.every((one) => settled.has(one))) settled.add(wing);
    left = left.filter(([wing]) => !settled.has(wing));
  }
  expect(left.map(([wing]) => wing)).toEqual([]);
});

test.each([
  ["domain/people/user.ts", "domain/streams/stream.ts"],
  ["domain/money/gift.ts", "domain/log/event.ts"],
  ["domain/id.ts", "domain/people/user.ts"],
  ["platform/table/transact.ts", "platform/store/people/users.ts"],
  ["platform/store/people/users.ts", "platform/store/streams/streams.ts"],
  ["platform/store/streams/streams.ts", "platform/store/money/gifts.ts"],
  ["platform/store/streams/streams.ts", "domain/money/gift.ts"],
  ["platform/store/money/gifts.ts", "platform/push/gateway.ts"],
  ["platform/http/endpoint.ts", "platform/store/people/users.ts"],
  ["local/model.ts", "local/aws/index.ts"],
  ["local/gateway/rest.ts", "local/aws/iam.ts"],
  ["local/sources/queues.ts", "local/lambda/workers.ts"],
])("%s may not import %s", (path, name) => {
  expect(strangers({ path, imports: [name] })).toEqual([name]);
});
