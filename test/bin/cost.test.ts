import { spawnSync } from "node:child_process";
import { alternativesTo, billOf, type Room } from "../../bin/operate/estimate.ts";
import units from "../../docs/units.json" with { type: "json" };

const run = (...options: string[]) =>
  spawnSync(process.execPath, ["bin/operate/cost.ts", ...options], { encoding: "utf8" });

const room: Room = { viewers: 1000, messagesPerSecond: 20, giftsPerSecond: 2, hours: 100 };
const totalOf = (changes: Partial<Room> = {}) =>
  billOf({ ...room, ...changes }).reduce((sum, { dollars }) => sum + dollars, 0);

/** The amounts of a printed bill, by the name that its line begins with. */
const amountsOf = (text: string) =>
  [...text.matchAll(/^(\S.*?) {2,}.*\$([\d,]+\.\d\d)$/gm)].map(([, name, sum]) => ({
    name,
    dollars: Number(sum!.replaceAll(",", "")),
  }));

test("a bill has a line a service, and its total is their sum", () => {
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
    "DynamoDB, requests",
    "DynamoDB, storage",
    "Lambda",
    "SQS",
    "CloudWatch, logs and metrics",
  ]);
  const sum = services.reduce((all, { dollars }) => all + dollars, 0);
  expect(Math.abs(amounts[at]!.dollars - sum)).toBeLessThan(0.05);
  expect(amounts.slice(at + 1)).toHaveLength(3);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("under a domain what goes out is CloudFront's, and a firewall is before it", () => {
  const { stdout, status } = run("--domain");
  expect(status).toBe(0);
  const names = amountsOf(stdout).map(({ name }) => name);
  expect(names.slice(0, 4)).toEqual([
    ...["API Gateway, HTTP calls", "API Gateway, WebSocket"],
    ...["CloudFront", "Firewall"],
  ]);
  expect(names).not.toContain("Data out to the Internet");
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  // 7,920,000 calls and 50,000 sockets that are opened; by hand from the prices.
  const domain = { firewall: true };
  const lines = billOf({ ...room, domain });
  const dollarsOf = (wanted: string) => lines.find(({ name }) => name === wanted)?.dollars;
  expect(dollarsOf("Firewall")).toBeCloseTo(5 + 7 + 7.97 * 0.6, 6);
  const [before] = billOf(room).filter(({ name }) => name === "Data out to the Internet");
  const out = before!.dollars / 0.09;
  expect(dollarsOf("CloudFront")).toBeCloseTo(out * 0.085 + 7.97 + 7.97 * 1.5 * 0.02, 6);
  const open = billOf({ ...room, domain: { firewall: false } });
  expect(open.map(({ name }) => name)).not.toContain("Firewall");
});

test("a stage says whether it has a domain: ours have none", () => {
  const { stdout } = run("--stage", "prod");
  expect(stdout).toBe(run().stdout);
  expect(run("--stage", "nowhere").stderr).toMatch(
    /^--stage: expected one of dev, staging, prod, found nowhere\n/,
  );
});

test("the same as JSON", () => {
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
  ["--price", "1"],
  ["--stage", "nowhere"],
  ["--domain=yes"],
  ["--viewers"],
  ["viewers"],
])("nonsense is refused with exit 2: %s %s", (...options) => {
  const { status, stdout, stderr } = run(...options);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("npm run cost -- [options]");
});

test("all invalid options are reported at once", () => {
  const { stderr } = run("--viewers", "many", "--hours", "long");
  expect(stderr).toContain("--viewers: expected 0 to 1,000,000, found many");
  expect(stderr).toContain("--hours: expected 0 to 100,000, found long");
});

test("nothing costs nothing", () => {
  expect(totalOf({ viewers: 0, messagesPerSecond: 0, giftsPerSecond: 0 })).toBe(0);
  expect(totalOf({ hours: 0 })).toBe(0);
});

test("more of anything costs more", () => {
  for (const name of ["viewers", "messagesPerSecond", "giftsPerSecond", "hours"] as const)
    expect(totalOf({ [name]: 2 * room[name] })).toBeGreaterThan(totalOf());
});

/*
 * Bills of one hour, worked out by hand from the list prices. The rates are chosen so that frames
 * come out even: at 4 events a second without viewers one every 0.5 s, for 8,000 viewers, whose
 * posts take a second, one every 2 s.
 */
const gigabyteSecond = 0.0000133334;
const { read, write } = units["chat message"];
const [gift, settling] = [units["gift with a key"], units["settling a gift"]];
const requests = (writes: number, reads: number) => writes * 0.625e-6 + reads * 0.125e-6;
test.each<[string, Partial<Room>, Record<string, number>]>([
  [
    "14,400 messages in 7,200 frames",
    { viewers: 0, messagesPerSecond: 4, giftsPerSecond: 0 },
    {
      "API Gateway, HTTP calls": 14_400 * 3.5e-6,
      "API Gateway, WebSocket": 0,
      "Data out to the Internet": 0,
      // Besides the messages 3 write and 2 read units a frame.
      "DynamoDB, requests": requests(14_400 * write + 21_600, 14_400 * read + 14_400),
      "DynamoDB, storage": 0.00504 * 0.25,
      // One call a message, two a frame (fan-out and post); 144 GB-seconds and 509.472.
      Lambda: (14_400 + 14_400) * 0.2e-6 + 653.472 * gigabyteSecond,
      SQS: 21_600 * 0.5e-6,
      "CloudWatch, logs and metrics": 0.011736 * 0.5,
    },
  ],
  [
    "14,400 gifts in 7,200 frames",
    { viewers: 0, messagesPerSecond: 0, giftsPerSecond: 4 },
    {
      "API Gateway, HTTP calls": 14_400 * 3.5e-6,
      "API Gateway, WebSocket": 0,
      "Data out to the Internet": 0,
      // Two gifts make a frame of 2,320 bytes: 5 write and 2 read units.
      "DynamoDB, requests": requests(
        14_400 * (gift.write + settling.write) + 36_000,
        14_400 * (gift.read + settling.read) + 14_400,
      ),
      "DynamoDB, storage": 0.04464 * 0.25,
      // Two calls a gift (the gift and its settlement), two a frame; 360 GB-seconds and 509.472.
      Lambda: (28_800 + 14_400) * 0.2e-6 + 869.472 * gigabyteSecond,
      SQS: 21_600 * 0.5e-6,
      "CloudWatch, logs and metrics": 0.011736 * 0.5,
    },
  ],
  [
    "3,600 messages in 1,800 frames to 8,000 viewers",
    { viewers: 8_000, messagesPerSecond: 1, giftsPerSecond: 0 },
    {
      "API Gateway, HTTP calls": 3_600 * 3.5e-6,
      "API Gateway, WebSocket": 14_400_000 * 1e-6 + 480_000 * 0.25e-6,
      // 14,400,000 posts of 820 bytes.
      "Data out to the Internet": 11.808 * 0.09,
      // Each frame reads 8,000 subscribers, 30 a unit.
      "DynamoDB, requests": requests(3_600 * write + 5_400, 3_600 * read + 483_600),
      "DynamoDB, storage": 0.00126 * 0.25,
      // 36 GB-seconds of messages, 127.368 of frames, 1,350 s of posting with 1.769 GB.
      Lambda: (3_600 + 3_600) * 0.2e-6 + 2551.518 * gigabyteSecond,
      SQS: 5_400 * 0.5e-6,
      "CloudWatch, logs and metrics": 0.002934 * 0.5,
    },
  ],
])("an hour of %s costs what its parts cost", (_, changes, wanted) => {
  const lines = billOf({ ...room, ...changes, hours: 1 });
  expect(lines.map(({ name }) => name)).toEqual(Object.keys(wanted));
  for (const { name, dollars } of lines)
    expect([name, dollars.toFixed(9)]).toEqual([name, wanted[name]!.toFixed(9)]);
});

test("a post of more than 32 KB counts as several messages", () => {
  // 200 messages in the second between two frames, and one while none is waiting: 70,470 bytes.
  const lines = billOf({ viewers: 8_000, messagesPerSecond: 200, giftsPerSecond: 0, hours: 1 });
  const sockets = lines.find(({ name }) => name === "API Gateway, WebSocket")!;
  const frames = (200 / 201) * 3_600;
  expect(sockets.dollars).toBeCloseTo(3 * 8_000 * frames * 1e-6 + 0.12, 9);
});

// The simulator runs the deployed code: docs/scale.md, dollars an hour.
test.each([
  [1000, 1.7],
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

test("a post for each event costs several times as much", () => {
  const [naive] = alternativesTo(room);
  expect(naive!.dollars / totalOf()).toBeGreaterThan(4);
});
