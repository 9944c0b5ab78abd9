import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Room } from "../../bin/operate/calls.ts";
import { alternativesTo, billOf, fixedBill, type Line } from "../../bin/operate/estimate.ts";
import units from "../../docs/units.json" with { type: "json" };

const run = (...options: string[]) =>
  spawnSync(process.execPath, ["bin/ovation.ts", "cost", ...options], { encoding: "utf8" });

const room: Room = { viewers: 1000, messagesPerSecond: 20, giftsPerSecond: 2, hours: 100 };
const totalOf = (changes: Partial<Room> = {}) =>
  billOf({ ...room, ...changes }).reduce((sum, { dollars }) => sum + dollars, 0);

/** The amounts of a printed bill, by the first words of their lines. */
const amountsOf = (text: string) =>
  [...text.matchAll(/^(\S.*?) {2,}.*\$([\d,]+\.\d\d)$/gm)].map(([, name, sum]) => ({
    name,
    dollars: Number(sum!.replaceAll(",", "")),
  }));

test("a bill has a line per service, and its total is their sum", () => {
  const { stdout, status } = run(
    ...["--viewers", "1000", "--messages", "20/s", "--gifts", "2/s", "--hours", "100"],
  );
  expect(status).toBe(0);
  const amounts = amountsOf(stdout);
  const at = amounts.findIndex(({ name }) => name === "Total");
  const services = amounts.slice(0, at);
  expect(services.map(({ name }) => name)).toEqual([
    "API Gateway, HTTP calls",
    "API Gateway, WebSocket",
    "Data out to the Internet",
    "Firewall",
    "DynamoDB, requests",
    "DynamoDB, storage",
    "Lambda",
    "SQS",
    "CloudWatch, logs and metrics",
  ]);
  const sum = services.reduce((all, { dollars }) => all + dollars, 0);
  expect(Math.abs(amounts[at]!.dollars - sum)).toBeLessThan(0.05);
  const after = amounts.slice(at + 1).map(({ name }) => name);
  expect(after.slice(0, 4)).toEqual([
    ...["CloudWatch, alarms and metrics", "Firewall", "Secrets Manager", "SQS, Lambda's polls"],
  ]);
  const fixed = amounts.slice(at + 1, at + 5).reduce((all, { dollars }) => all + dollars, 0);
  expect(amounts[at + 5]!.name).toBe("Total");
  expect(amounts[at + 5]!.dollars).toBeCloseTo(fixed, 1);
  expect(after).toHaveLength(8);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("under a domain outgoing data is billed by CloudFront, with a firewall in front", () => {
  const { stdout, status } = run("--domain");
  expect(status).toBe(0);
  const names = amountsOf(stdout).map(({ name }) => name);
  expect(names.slice(0, 4)).toEqual([
    ...["API Gateway, HTTP calls", "API Gateway, WebSocket"],
    ...["CloudFront", "Firewall"],
  ]);
  expect(names).not.toContain("Data out to the Internet");
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  // 7,920,000 calls and 50,000 opened sockets; computed by hand from the prices.
  const domain = { firewall: true };
  const lines = billOf({ ...room, domain });
  const dollarsOf = (wanted: string) => lines.find(({ name }) => name === wanted)?.dollars;
  // Calls pass CloudFront's firewall and that of the REST APIs.
  expect(dollarsOf("Firewall")).toBeCloseTo((7.97 + 7.92) * 0.6, 6);
  expect(stdout).toContain("Fixed monthly cost of a stage like prod with a domain");
  const [before] = billOf(room).filter(({ name }) => name === "Data out to the Internet");
  const out = before!.dollars / 0.09;
  expect(dollarsOf("CloudFront")).toBeCloseTo(out * 0.085 + 7.97 + 7.97 * 1.5 * 0.02, 6);
  const open = billOf({ ...room, domain: { firewall: false } });
  expect(open.map(({ name }) => name)).not.toContain("Firewall");
});

test("a relay's viewers cause no posts: its tasks, its load balancer and their bytes are billed", () => {
  const { stdout, status } = run("--relay", "--viewers", "100000");
  expect(status).toBe(0);
  const names = amountsOf(stdout).map(({ name }) => name);
  expect(names.slice(0, 6)).toEqual([
    ...["API Gateway, HTTP calls", "Relay, tasks", "Relay, load balancer"],
    ...["CloudFront", "Data out to the Internet", "Firewall"],
  ]);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  const large = { ...room, viewers: 100_000, domain: { firewall: true } };
  const lines = billOf({ ...large, relay: { minTasks: 2 } });
  const dollarsOf = (wanted: string) => lines.find(({ name }) => name === wanted)!.dollars;
  // Two tasks all month and fifteen more during live hours; computed by hand from the prices.
  const hours = 2 * 730 + 15 * 100;
  expect(dollarsOf("Relay, tasks")).toBeCloseTo(hours * (0.03238 + 2 * 0.00356 + 0.005), 6);
  const out = dollarsOf("Data out to the Internet") / 0.09;
  const balancer = 730 * (0.0225 + 2 * 0.005) + out * (0.006 + 0.01);
  expect(dollarsOf("Relay, load balancer")).toBeCloseTo(balancer, 6);
  // A month without rooms costs the idle resources.
  const idle = billOf({ ...large, hours: 0, relay: { minTasks: 2 } });
  const idleDollars = idle.reduce((all, { dollars }) => all + dollars, 0);
  expect(idleDollars).toBeCloseTo(2 * 730 * 0.0445 + 730 * 0.0325, 0);
});

test("a relay's fixed costs are those of a stage with a domain, which it cannot do without", () => {
  const { stdout } = run("--relay");
  expect(stdout).toContain("Fixed monthly cost of a stage like prod with a domain for its relay");
  const sumOf = (lines: readonly Line[]) => lines.reduce((all, { dollars }) => all + dollars, 0);
  const [plain, domain, relay] = [
    fixedBill(),
    fixedBill({ domain: { firewall: true } }),
    fixedBill({ domain: { firewall: true }, relay: { minTasks: 2 } }),
  ].map(sumOf);
  expect(domain).toBeGreaterThan(plain!);
  expect(relay).toBeGreaterThan(domain!);
});

test("the stage determines whether the bill includes a domain: the repository's stages have none", () => {
  const { stdout } = run("--stage", "prod");
  expect(stdout).toBe(run().stdout);
  // dev has no firewall, whose requests would be billed.
  const linesOf = (text: string) => amountsOf(text.split("Fixed monthly cost")[0]!);
  const names = linesOf(run("--stage", "dev").stdout).map(({ name }) => name);
  expect(linesOf(stdout).map(({ name }) => name)).toEqual(expect.arrayContaining(["Firewall"]));
  expect(names).not.toContain("Firewall");
  expect(run("--stage", "nowhere").stderr).toMatch(
    /^--stage: expected one of dev, staging, prod, found 'nowhere'\n/,
  );
});

test("--json prints the same bill as JSON", () => {
  const { stdout } = run("--json", "--viewers", "1,000", "--messages", "1200/min");
  expect(JSON.parse(stdout)).toMatchObject({ room, total: totalOf() });
});

test.each([
  ["--viewers", "many"],
  ["--viewers", "-1"],
  ["--viewers", "1.5"],
  ["--viewers", "1000001"],
  ["--viewers", ""],
  ["--messages", "20/day"],
  ["--messages", "1e999"],
  ["--gifts", "NaN"],
  ["--gifts", "1,00/s"],
  ["--hours", "∞"],
  ["--tapping", "101"],
  ["--votes", "often"],
  ["--price", "1"],
  ["--stage", "nowhere"],
  ["--domain=yes"],
  ["--viewers"],
  ["viewers"],
])("invalid options are refused with exit code 2: %s %s", (...options) => {
  const { status, stdout, stderr } = run(...options);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("Usage: npm run -s cost -- [options]");
});

test("all invalid options are reported at once", () => {
  const { stderr } = run("--viewers", "many", "--hours", "long");
  expect(stderr).toContain("--viewers: expected 0 to 1,000,000, found 'many'");
  expect(stderr).toContain("--hours: expected 0 to 100,000, found 'long'");
});

test("an empty room costs nothing", () => {
  expect(totalOf({ viewers: 0, messagesPerSecond: 0, giftsPerSecond: 0 })).toBe(0);
  expect(totalOf({ hours: 0 })).toBe(0);
});

test("more of anything costs more", () => {
  for (const name of ["viewers", "messagesPerSecond", "giftsPerSecond", "hours"] as const)
    expect(totalOf({ [name]: 2 * room[name] })).toBeGreaterThan(totalOf());
});

test("likes are called at the interval of their responses, and votes once each", () => {
  const calls = (changes: Partial<Room>) =>
    billOf({ viewers: 3_000, messagesPerSecond: 0, giftsPerSecond: 0, hours: 1, ...changes })[0];
  // 150 of 3,000 viewers every third second, and ten votes in a minute.
  expect(calls({ tappingShare: 0.05 })?.dollars).toBeCloseTo(50 * 3_600 * 3.5e-6, 9);
  expect(calls({ votesPerSecond: 10 / 60 })?.dollars).toBeCloseTo(600 * 3.5e-6, 9);
  const { stdout } = run("--json", "--tapping", "5", "--votes", "10/min");
  const asked = { tappingShare: 0.05, votesPerSecond: 10 / 60 };
  expect(JSON.parse(stdout)).toMatchObject({ room: { ...room, ...asked }, total: totalOf(asked) });
});

/*
 * Bills of one hour, worked out by hand from the list prices. The rates are chosen so that frames
 * come out even: at 4 ln 2 events a second without viewers every other look at the table's stream,
 * one in a quarter of a second, finds something.
 */
const gigabyteSecond = 0.0000133334;
const even = 4 * Math.LN2;
const events = even * 3_600;
const { read, write } = units["chat message"];
const [gift, settling] = [units["gift with a key"], units["settling a gift"]];
const requests = (writes: number, reads: number) => writes * 0.625e-6 + reads * 0.125e-6;
const frames8000 = 3_600 / (1.381111111111 + Math.exp(-1.381111111111));
const looks = 4 * 3_600 * (1 - Math.exp(-0.25));
const pings = (8_000 * frames8000) / (Math.exp((frames8000 * 16.6) / 3_600) - 1);
test.each<[string, Partial<Room>, Record<string, number>]>([
  [
    "messages in 7,200 frames",
    { viewers: 0, messagesPerSecond: even, giftsPerSecond: 0 },
    {
      "API Gateway, HTTP calls": events * 3.5e-6,
      "API Gateway, WebSocket": 0,
      "Data out to the Internet": 0,
      Firewall: events * 0.6e-6,
      // Besides the messages, a frame of 1,187 bytes: 4 write and 2 read units.
      "DynamoDB, requests": requests(events * write + 28_800, events * read + 14_400),
      "DynamoDB, storage": events * 770e-9 * 0.25,
      // One call per message and frame; 20 ms of 0.5 GB, and 50 ms of 1.769.
      Lambda: (events + 7_200) * 0.2e-6 + (events * 0.01 + 636.84) * gigabyteSecond,
      SQS: 0,
      "CloudWatch, logs and metrics": (events * 390e-9 + 0.00612) * 0.5,
    },
  ],
  [
    "gifts in 7,200 frames",
    { viewers: 0, messagesPerSecond: 0, giftsPerSecond: even },
    {
      "API Gateway, HTTP calls": events * 3.5e-6,
      "API Gateway, WebSocket": 0,
      "Data out to the Internet": 0,
      Firewall: events * 0.6e-6,
      // A frame of 1,853 bytes: 4 write and 2 read units.
      "DynamoDB, requests": requests(
        events * (gift.write + settling.write) + 28_800,
        events * (gift.read + settling.read) + 14_400,
      ),
      "DynamoDB, storage": events * 3_250e-9 * 0.25,
      // Two invocations per gift, the gift and its settlement; 50 ms of 0.5 GB.
      Lambda: (2 * events + 7_200) * 0.2e-6 + (events * 0.025 + 636.84) * gigabyteSecond,
      SQS: 0,
      "CloudWatch, logs and metrics": (events * 390e-9 + 0.00612) * 0.5,
    },
  ],
  [
    "3,600 messages to 8,000 viewers, whose posts and what is between them take 1.38 s",
    { viewers: 8_000, messagesPerSecond: 1, giftsPerSecond: 0 },
    {
      "API Gateway, HTTP calls": 3_600 * 3.5e-6,
      // 4,800 reconnects with three messages each.
      "API Gateway, WebSocket":
        (frames8000 * 8_000 + 2 * pings + 14_400) * 1e-6 + 480_000 * 0.25e-6,
      "Data out to the Internet": (8_000 * (frames8000 * 120 + 3_600 * 770) + pings * 54) * 0.09e-9,
      Firewall: 3_600 * 0.6e-6,
      // A frame of 1,377 bytes, gathered before: 8 units, and 52 leases of posts.
      "DynamoDB, requests": requests(
        3_600 * write + frames8000 * 60 + 40_800,
        3_600 * read + frames8000 * (2 + 8_000 / 30) + 3 * pings + 57_600,
      ),
      "DynamoDB, storage": 0.002772 * 0.25,
      Lambda:
        (3_600 + frames8000 + looks + pings + 14_400) * 0.2e-6 +
        (36 + (frames8000 * 0.85 + looks * 0.05) * 1.769 + (pings + 4_800) * 0.0075 + 720) *
          gigabyteSecond,
      SQS: 3 * frames8000 * 0.5e-6 + 14_400 * 0.4e-6,
      "CloudWatch, logs and metrics": (0.001404 + frames8000 * 850e-9) * 0.5,
    },
  ],
])("an hour of %s costs what its parts cost", (_, changes, wanted) => {
  const lines = billOf({ ...room, ...changes, hours: 1 });
  expect(lines.map(({ name }) => name)).toEqual(Object.keys(wanted));
  for (const { name, dollars } of lines)
    expect([name, dollars.toFixed(8)]).toEqual([name, wanted[name]!.toFixed(8)]);
});

test("a frame has at most 32,000 bytes: small rooms get more frames, large ones less chat", () => {
  const out = (viewers: number, messagesPerSecond: number) => {
    const lines = billOf({ viewers, messagesPerSecond, giftsPerSecond: 0, hours: 1 });
    const of = (name: string) => lines.find((line) => line.name === name)!.dollars;
    return { bytes: of("Data out to the Internet"), posts: of("API Gateway, WebSocket") };
  };
  // 308 and 616 KB a second in 3.8 looks that find something: 81 and 163 KB, three frames and six.
  expect(out(1_000, 800).bytes / out(1_000, 400).bytes).toBeCloseTo(2, 1);
  expect(out(1_000, 800).posts / out(1_000, 400).posts).toBeCloseTo(2, 1);
  expect(out(8_000, 400)).toEqual(out(8_000, 200));
});

// The simulator runs the deployed code: docs/scale.md, dollars an hour.
test.each([
  [1000, 2.1],
  [10_000, 35],
])("%i viewers cost about what the simulator found: %d dollars an hour", (viewers, dollars) => {
  const messagesPerSecond = (0.036 * viewers) / 60;
  const estimate = totalOf({
    viewers,
    messagesPerSecond,
    giftsPerSecond: 0.12 * messagesPerSecond,
    hours: 1,
  });
  expect(estimate / dollars).toBeGreaterThan(0.7);
  expect(estimate / dollars).toBeLessThan(1.4);
});

test("the guide's dollars of an hour by posts and by a relay are those of the estimate", () => {
  const guide = readFileSync("docs/scale.md", "utf8");
  const hour = (changes: Partial<Room>) => {
    const sum = (hours: number) =>
      billOf({ ...room, ...changes, hours })
        .filter(({ name }) => !/HTTP calls|^Firewall|^CloudFront$/.test(name))
        .reduce((all, { dollars }) => all + dollars, 0);
    return Math.round(sum(1) - sum(0));
  };
  for (const viewers of [1_000, 10_000, 100_000]) {
    const relayed = hour({ viewers, relay: { minTasks: 2 }, domain: { firewall: true } });
    const row = `\\| .*with ${viewers.toLocaleString("en-US")}\\b.*\\$${hour({ viewers })}\\b.*\\$${relayed}\\b`;
    expect(guide).toMatch(new RegExp(row));
  }
});

test("a post for each event costs several times as much", () => {
  const [naive] = alternativesTo(room);
  expect(naive!.dollars / totalOf()).toBeGreaterThan(4);
});

test("other services are compared by the same hours and deliveries", () => {
  // 22 events a second in 100 hours: 7,920,000, worked out by hand from the list prices.
  const events = 22 * 360_000;
  const minutes = 1_000 * 6_000;
  const gigabytes = (1_000 * 360_000 * (20 * 770 + 2 * 1_250)) / 1e9;
  expect(alternativesTo(room).map(({ dollars }) => dollars.toFixed(4))).toEqual(
    [
      events * (3.5e-6 + 1_000 * 1e-6 + 0.625e-6) + minutes * 0.25e-6 + gigabytes * 0.09,
      events * (560e-6 + 1_000 * 8e-6),
      (events + 360_000 * 1_000) * 2.5e-6 + minutes * 1e-6,
    ].map((dollars) => dollars.toFixed(4)),
  );
});
