import { readFileSync } from "node:fs";
import { describeStart, formatStartBlock, type StartFacts } from "../../bin/start/start-block.ts";

const facts: StartFacts = {
  url: "http://127.0.0.1:4000",
  stage: "dev",
  dataDir: ".data",
  milliseconds: 500,
  users: [
    { name: "johndoe", sub: "64d15f9e2e6c8f4d5a123456", token: "eyJ1", says: "viewer" },
    { name: "host", sub: "64d15f9e2e6c8f4d5a123457", token: "eyJ2", says: "host" },
    { name: "admin", sub: "admin", token: "eyJ3", says: "admin of everything" },
  ],
  demo: { streamId: "64d15f9e2e6c8f4d5a123000", giftTypeId: "65a1234bcde5678f90123456" },
  sdkAppId: "1400000001",
  secretKey: "79507f4e8d1c2b3a".repeat(4),
  callbackKey: "d41d8cd98f00b204".repeat(3),
  network: undefined,
  hasKeys: false,
};

const withoutUrls = (line: string) => line.replace(/\b(https?|wss?):\/\/[^\s')]+/g, "");

test("docs/cli.md shows the block as a start prints it on a terminal", () => {
  const [, shown = ""] = /```\n( {2}Ovation [\s\S]*?)\n```/.exec(
    readFileSync("docs/cli.md", "utf8"),
  )!;
  expect(shown).toBe(
    formatStartBlock({
      ...facts,
      hasKeys: true,
      secretKey: "79507…",
      callbackKey: "d41d8…",
    }),
  );
});

test.each([
  ["as people start it", {}],
  ["at a terminal", { hasKeys: true }],
  ["at another port, in an unusual folder", { url: "http://127.0.0.1:54321", dataDir: "/tmp/x" }],
  [
    "open to a network",
    { network: { urls: ["http://192.168.178.23:4000"], localKey: "a".repeat(22) } },
  ],
])("the block has at most 24 lines of 80 columns, except for URLs: %s", (_, more) => {
  const lines = formatStartBlock({ ...facts, ...more }).split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.filter((line) => withoutUrls(line).length > 80)).toEqual([]);
  expect(lines.join("\n")).not.toMatch(/eyJ/);
});

test("a system open to a network prints Studio's address with the key: a container's bridge needs it too", () => {
  const network = { urls: ["http://192.168.178.23:4000"], localKey: "key" };
  expect(formatStartBlock({ ...facts, network })).toMatch(/Studio {5}http:\S+:4000\/#key=key\n/);
  expect(formatStartBlock(facts)).toMatch(/Studio {5}http:\S+:4000\/\n/);
});

test("a stage without Studio does not mention it", () => {
  expect(formatStartBlock({ ...facts, stage: "prod" })).not.toContain("Studio");
});

test("with a custom port the commands name it, too", () => {
  const block = formatStartBlock({ ...facts, url: "http://127.0.0.1:54321" });
  expect(block).toContain("$(npm run -s token -- johndoe http://127.0.0.1:54321)");
  expect(block).toContain("gift --count 5 --url http://127.0.0.1:54321");
  expect(formatStartBlock(facts)).toContain("$(npm run -s token -- johndoe)");
});

test("without the demo data only lines that work without it are printed", () => {
  const without = { ...facts, demo: undefined };
  const block = formatStartBlock(without);
  expect(block).not.toMatch(/64d15f9e|65a1234b|user1|STREAM|trigger/);
  expect(block.split("\n").filter((line) => /^(curl|npm) /.test(line))).toEqual([
    "curl http://127.0.0.1:4000/health",
    'curl --json \'{"sub":"ann","credits":500}\' http://127.0.0.1:4000/local/token',
    'curl --json \'{"title":"Mine"}\' --oauth2-bearer $(npm run -s token -- ann) http://127.0.0.1:4000/api/v1/live-stream/create',
    "curl --oauth2-bearer $(npm run -s token -- ann) http://127.0.0.1:4000/api/v1/wallet",
  ]);
  expect(describeStart(without)).toMatchObject({
    streamId: null,
    giftTypeId: null,
    users: facts.users,
    socket: "ws://127.0.0.1:4000/ws?token=TOKEN",
  });
});

test("the JSON of a start has everything that the block has, and the tokens", () => {
  const network = { urls: ["http://192.168.178.23:4000"], localKey: "key" };
  const described = JSON.stringify(describeStart({ ...facts, network }));
  const printed = formatStartBlock({ ...facts, network });
  // URLs, ids and keys: what a user would copy.
  const wanted = printed
    .split(/[\s,;()]+/)
    .filter((word) => /^\w+:\/\/|^[0-9a-f]{24,}$|^\d{10}$/.test(word));
  expect(wanted.length).toBeGreaterThan(10);
  for (const word of [...wanted, "eyJ1", "eyJ2", "eyJ3", '"localKey":"key"'])
    expect(described).toContain(word);
});
