import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
} from "@aws-sdk/lib-dynamodb";
import { Refusal } from "../../domain/refusal.ts";
import { key } from "../../platform/table/keys.ts";
import { forms, IssuerMismatch, onOwnTable, TableMismatch } from "../../platform/table/layout.ts";
import {
  assertReadable,
  beginDeployment,
  type Claim,
  endDeployment,
} from "../../platform/table/ownership.ts";
import { startTable } from "./table.ts";

let client: DynamoDBDocumentClient;
let stop: () => Promise<void>;
const tableName = "ovation-test";
beforeAll(async () => {
  ({ client, stop } = await startTable());
});
afterAll(() => stop());
afterEach(async () => {
  for (const Key of [key.layout(), wallet])
    await client.send(new DeleteCommand({ TableName: tableName, Key }));
});

const wallet = { PK: "USER#ann", SK: "PROFILE#WALLET" };
const put = (Item: Record<string, unknown>) =>
  client.send(new PutCommand({ TableName: tableName, Item }));
const place = () => ({ client, tableName });
const found = async () =>
  (await client.send(new GetCommand({ TableName: tableName, Key: key.layout() }))).Item;
const { from, to } = forms.reads;
const claim: Claim = { stage: "test", release: "1.2.3" };
const own = { ...claim, version: forms.writes, oldest: forms.writes, readable: to };
const gates = [beginDeployment, endDeployment];

test("an empty table is prepared, and from then on states its owner and form", async () => {
  expect(await assertReadable(place(), "test")).toBeUndefined();
  await endDeployment(place(), claim);
  expect(await found()).toEqual({ ...key.layout(), ...own });
  await put(wallet);
  for (const gate of gates) await gate(place(), claim);
  expect(await found()).toEqual({ ...key.layout(), ...own });
});

test("another stage's table is refused, empty or not, and stays unchanged", async () => {
  await endDeployment(place(), { ...claim, stage: "prod" });
  const before = await found();
  for (const isEmpty of [true, false]) {
    if (!isEmpty) await put({ ...wallet, balance: 5 });
    for (const look of [...gates, () => assertReadable(place(), "test")]) {
      const looked = look(place(), claim);
      await expect(looked).rejects.toThrow(TableMismatch);
      await expect(looked).rejects.toThrow(
        "The table ovation-test is that of the stage prod, not of test: nothing was changed.",
      );
    }
  }
  expect(await found()).toEqual(before);
  // An audit that names no stage may read it.
  expect(await assertReadable(place())).toMatchObject({ stage: "prod" });
});

test("one of two stages that claim a table concurrently gets it", async () => {
  const both = ["a", "b"].map((stage) => endDeployment(place(), { ...claim, stage }));
  const outcomes = await Promise.allSettled(both);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const [refused] = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(refused).toBeInstanceOf(TableMismatch);
});

test.each([
  ["nothing said, which is older than labels are", undefined, "form 1"],
  ["an older form", { version: from - 1 }, `form ${from - 1}`],
  ["an older form left", { version: to, oldest: from - 1 }, `form ${from - 1}`],
  ["a newer form", { version: to + 1, release: "9.0.0" }, "Use release 9.0.0 or a later one"],
])("data with %s is refused with a sentence and left as it is", async (_, label, told) => {
  await put({ ...wallet, balance: 5 });
  if (label !== undefined) await put({ ...key.layout(), ...label });
  const before = await found();
  for (const look of [assertReadable, ...gates]) {
    const looked = look(place(), claim as Claim & string);
    await expect(looked).rejects.toThrow(TableMismatch);
    await expect(looked).rejects.toThrow(told);
  }
  expect(await found()).toEqual(before);
});

describe("a deployment over another version", () => {
  const label = (more: object) => put({ ...key.layout(), ...own, ...more });

  test("is refused while functions run that cannot read what it writes", async () => {
    // 0.1.0 said its form alone, and read no other.
    await label({ version: forms.writes - 1, oldest: forms.writes - 1, readable: undefined });
    const before = await found();
    const begun = beginDeployment(place(), claim);
    await expect(begun).rejects.toThrow(TableMismatch);
    await expect(begun).rejects.toThrow(
      `test runs a version that reads data up to form ${forms.writes - 1}, and this one (1.2.3) ` +
        `writes form ${forms.writes}`,
    );
    expect(await found()).toEqual(before);
  });

  test("records the new form before anything is written in it", async () => {
    await label({ version: forms.writes - 1, oldest: forms.writes - 1, release: "1.0.0" });
    await beginDeployment(place(), claim);
    expect(await found()).toMatchObject({ ...own, oldest: forms.writes - 1 });
  });

  test("relies on newer readers only once all of them are deployed", async () => {
    await label({ version: forms.writes, readable: to + 1 });
    await beginDeployment(place(), claim);
    expect(await found()).toMatchObject({ readable: to });
    await label({ readable: forms.writes });
    await beginDeployment(place(), claim);
    expect(await found()).toMatchObject({ readable: forms.writes });
    await endDeployment(place(), claim);
    expect(await found()).toMatchObject({ readable: to });
  });
});

describe("the issuer of a table", () => {
  const at = (issuer: string | null, keepsSubjects = false): Claim => ({
    ...claim,
    issuer,
    keepsSubjects,
  });
  const [a, b] = ["https://a.example.com", "https://b.example.com"];

  test("is stored with data, and an empty table accepts any", async () => {
    for (const issuer of [a, b]) await endDeployment(place(), at(issuer));
    await put({ ...wallet, balance: 5 });
    await endDeployment(place(), at(b));
    for (const issuer of [a, `${b}/`])
      for (const gate of gates) {
        const claimed = gate(place(), at(issuer));
        await expect(claimed).rejects.toThrow(IssuerMismatch);
        await expect(claimed).rejects.toThrow(`people whom ${b} names`);
      }
    // A deployment that cannot read who it is forgets nothing.
    for (const gate of gates) await gate(place(), claim);
    expect(await found()).toMatchObject({ issuer: b });
  });

  test("is not a pool that does not exist yet", async () => {
    await endDeployment(place(), at(a));
    await beginDeployment(place(), at(null));
    await put({ ...wallet, balance: 5 });
    await expect(beginDeployment(place(), at(null))).rejects.toThrow("asks a new user pool");
  });

  test("is the first that is deployed, and another one only with a confirmation", async () => {
    await endDeployment(place(), claim);
    await put({ ...wallet, balance: 5 });
    await endDeployment(place(), at(a));
    await expect(endDeployment(place(), at(b))).rejects.toThrow(IssuerMismatch);
    await endDeployment(place(), at(b, true));
    await expect(endDeployment(place(), at(a))).rejects.toThrow(IssuerMismatch);
    await endDeployment(place(), at(b));
  });
});

describe("a function", () => {
  const look = (own: DynamoDBDocumentClient) =>
    own
      .send(new GetCommand({ TableName: tableName, Key: wallet }))
      .then(({ Item }) => Item?.balance)
      .catch((error: unknown) => (error instanceof Refusal ? error.code : error));
  const open = (from: DynamoDBDocumentClient) =>
    onOwnTable(
      from,
      () => tableName,
      () => "test",
    );

  test.each<[string, object | undefined]>([
    ["says nothing", undefined],
    ["has an older form", { ...own, oldest: from - 1 }],
    ["has a newer form", { ...own, version: to + 1 }],
    ["does not say whose it is", { version: forms.writes }],
    ["is another stage's", { ...own, stage: "prod" }],
  ])("serves no call on a table that %s, and every call once it is right", async (_, label) => {
    await put({ ...wallet, balance: 5 });
    if (label !== undefined) await put({ ...key.layout(), ...label });
    const served = open(client);
    expect(await look(served)).toBe("unavailable");
    expect(await look(served)).toBe("unavailable");
    await put({ ...key.layout(), ...own });
    expect(await look(served)).toBe(5);
  });

  test.each([from, to])("serves data in form %s", async (form) => {
    await put({ ...wallet, balance: 5 });
    await put({ ...key.layout(), ...own, version: form, oldest: form });
    expect(await look(open(client))).toBe(5);
  });

  test("reads the label once per process, however many calls begin together", async () => {
    await endDeployment(place(), claim);
    await put({ ...wallet, balance: 5 });
    const keys: string[] = [];
    const counting = Object.assign(Object.create(client) as DynamoDBDocumentClient, {
      send: (command: GetCommand) => {
        keys.push(String(command.input.Key?.PK));
        return client.send(command);
      },
    });
    const counted = open(counting);
    expect(await Promise.all([look(counted), look(counted)])).toEqual([5, 5]);
    expect(await look(counted)).toBe(5);
    expect(keys).toEqual(["LAYOUT", "USER#ann", "USER#ann", "USER#ann"]);
  });

  test("asks again if reading the label failed", async () => {
    await endDeployment(place(), claim);
    await put({ ...wallet, balance: 5 });
    let failures = 1;
    const failing = Object.assign(Object.create(client) as DynamoDBDocumentClient, {
      send: (command: GetCommand) =>
        failures-- > 0 ? Promise.reject(new Error("throttled")) : client.send(command),
    });
    const failed = open(failing);
    expect(await look(failed)).toMatchObject({ message: "throttled" });
    expect(await look(failed)).toBe(5);
  });
});
