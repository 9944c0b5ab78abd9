import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
} from "@aws-sdk/lib-dynamodb";
import { Refusal } from "../../domain/refusal.ts";
import { key } from "../../platform/table/keys.ts";
import {
  assertLayout,
  claimIssuer,
  IssuerMismatch,
  LayoutMismatch,
  layoutVersion,
  onLayout,
  prepareLayout,
} from "../../platform/table/layout.ts";
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
  (await client.send(new GetCommand({ TableName: tableName, Key: key.layout() }))).Item?.version;

test("an empty table is made ready and says its layout from then on", async () => {
  await assertLayout(place());
  expect(await found()).toBeUndefined();
  await prepareLayout(place());
  expect(await found()).toBe(layoutVersion);
  await put(wallet);
  await prepareLayout(place());
  await assertLayout(place());
});

test.each([
  ["no version, which is older than versions are", undefined, 1],
  ["an older version", layoutVersion - 1, layoutVersion - 1],
  ["a newer version", layoutVersion + 1, layoutVersion + 1],
])("data with %s is refused with one sentence and left as it is", async (_, version, told) => {
  await put({ ...wallet, balance: 5 });
  if (version !== undefined) await put({ ...key.layout(), version });
  const refused = `The table ovation-test has data of layout ${told} and this version`;
  for (const look of [assertLayout, prepareLayout]) {
    await expect(look(place())).rejects.toThrow(LayoutMismatch);
    await expect(look(place())).rejects.toThrow(refused);
  }
  expect(await found()).toBe(version);
});

test("a table with data keeps its issuer, and an empty one takes any", async () => {
  await prepareLayout(place());
  for (const issuer of ["https://a.example.com", "https://b.example.com"])
    await claimIssuer(place(), issuer);
  await put({ ...wallet, balance: 5 });
  await claimIssuer(place(), "https://b.example.com");
  for (const issuer of ["https://a.example.com", "https://b.example.com/"]) {
    const claim = claimIssuer(place(), issuer);
    await expect(claim).rejects.toThrow(IssuerMismatch);
    await expect(claim).rejects.toThrow("people whom https://b.example.com names");
  }
  // A deployment that prepares the table again forgets nothing.
  await prepareLayout(place());
  await expect(claimIssuer(place(), "https://a.example.com")).rejects.toThrow(IssuerMismatch);
  await claimIssuer(place(), "https://b.example.com");
  expect(await found()).toBe(layoutVersion);
});

test("a table without an issuer takes the first, and another one only with a confirmation", async () => {
  await prepareLayout(place());
  await put({ ...wallet, balance: 5 });
  await claimIssuer(place(), "https://a.example.com");
  await expect(claimIssuer(place(), "https://b.example.com")).rejects.toThrow(IssuerMismatch);
  await claimIssuer(place(), "https://b.example.com", true);
  await expect(claimIssuer(place(), "https://a.example.com")).rejects.toThrow(IssuerMismatch);
  await claimIssuer(place(), "https://b.example.com");
});

describe("a function", () => {
  const look = (own: DynamoDBDocumentClient) =>
    own
      .send(new GetCommand({ TableName: tableName, Key: wallet }))
      .then(({ Item }) => Item?.balance)
      .catch((error: unknown) => (error instanceof Refusal ? error.code : error));

  test.each([undefined, layoutVersion - 1, layoutVersion + 1])(
    "serves nothing of a table whose layout is %s, and all once it is right",
    async (version) => {
      await put({ ...wallet, balance: 5 });
      if (version !== undefined) await put({ ...key.layout(), version });
      const own = onLayout(client, () => tableName);
      expect(await look(own)).toBe("unavailable");
      expect(await look(own)).toBe("unavailable");
      await put({ ...key.layout(), version: layoutVersion });
      expect(await look(own)).toBe(5);
    },
  );

  test("reads the layout once in its life, however many calls begin together", async () => {
    await prepareLayout(place());
    await put({ ...wallet, balance: 5 });
    const keys: string[] = [];
    const counting = Object.assign(Object.create(client) as DynamoDBDocumentClient, {
      send: (command: GetCommand) => {
        keys.push(String(command.input.Key?.PK));
        return client.send(command);
      },
    });
    const own = onLayout(counting, () => tableName);
    expect(await Promise.all([look(own), look(own)])).toEqual([5, 5]);
    expect(await look(own)).toBe(5);
    expect(keys).toEqual(["LAYOUT", "USER#ann", "USER#ann", "USER#ann"]);
  });

  test("asks again where the question itself failed", async () => {
    await prepareLayout(place());
    await put({ ...wallet, balance: 5 });
    let failures = 1;
    const failing = Object.assign(Object.create(client) as DynamoDBDocumentClient, {
      send: (command: GetCommand) =>
        failures-- > 0 ? Promise.reject(new Error("throttled")) : client.send(command),
    });
    const own = onLayout(failing, () => tableName);
    expect(await look(own)).toMatchObject({ message: "throttled" });
    expect(await look(own)).toBe(5);
  });
});
