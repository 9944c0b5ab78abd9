import { jest } from "@jest/globals";
import {
  type Answer,
  type Counterpart,
  endOf,
  everybody,
  openBoth,
  says,
  startCounterpart,
} from "./both-clients.ts";

/** Longer than a busy machine keeps an answer waiting, so that no answer is late by accident. */
const tryMilliseconds = 20_000;

let aws: Counterpart;
let both: ReturnType<typeof openBoth>;

/** Closes both clients and opens them with these settings. */
function reopen(settings: Record<string, unknown>) {
  for (const whose of everybody) both?.[whose].close();
  both = openBoth(aws.endpoint, settings);
}

beforeEach(async () => {
  aws = await startCounterpart();
  reopen({ tryMilliseconds });
  // So that the pauses of both are the same.
  jest.spyOn(Math, "random").mockReturnValue(0.1);
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const whose of everybody) both[whose].close();
  await aws.stop();
});

const get = { TableName: "ovation-test", Key: { PK: "a", SK: "b" } };

/** The SDK takes the milliseconds since an answer off the wait that it asks for. */
function roundDelay<End>(end: End): End {
  const { $metadata } = end as { $metadata?: { totalRetryDelay?: number } };
  if ($metadata?.totalRetryDelay !== undefined)
    $metadata.totalRetryDelay = 100 * Math.round($metadata.totalRetryDelay / 100);
  return end;
}

/** How a call ends with either client when the service answers so, and how often it was made. */
async function ends(...answers: Answer[]) {
  return endsAs((end) => end, ...answers);
}

/** The same, of what is to be compared of an end. */
async function endsAs(seen: <End>(end: End) => End, ...answers: Answer[]) {
  const found = [];
  for (const whose of everybody) {
    aws.answer(...answers);
    const end = await endOf(both[whose].send("GetCommand", get));
    found.push({ end: seen(end), tries: aws.got.length });
  }
  const [theirs, own] = found;
  expect(own).toEqual(theirs);
  return own!.end as { name?: string; answer?: object; $metadata: Record<string, unknown> };
}

const item = { PK: { S: "a" }, N: { N: "1" }, B: { B: "AAEC/w==" }, L: { L: [{ B: "AA==" }] } };
const named = (name: string, more: object = {}) => ({
  __type: `com.amazonaws.dynamodb.v20120810#${name}`,
  message: `It is ${name}`,
  ...more,
});

test.each([
  [{}],
  [{ Item: item }],
  [{ Attributes: { S: { SS: ["b", "a"] }, N: { NS: ["3", "1e2"] }, B: { BS: ["AA==", ""] } } }],
  [{ Items: [item, item], Count: 2, LastEvaluatedKey: { PK: { S: "a" } } }],
  [{ Item: { big: { N: "123456789012345678901234567890" }, small: { N: "-0.5E-3" } } }],
  [{ Item: { map: { M: { deep: { L: [{ NULL: true }, { BOOL: false }, { M: {} }] } } } } }],
])("reads %j", async (body) => {
  const command =
    "Items" in body ? "QueryCommand" : "Attributes" in body ? "UpdateCommand" : "GetCommand";
  const read = [];
  for (const whose of everybody) {
    aws.answer(says(200, body));
    read.push(await both[whose].send(command, get));
  }
  expect(read[1]).toEqual(read[0]);
});

test("reads a batch", async () => {
  const UnprocessedKeys = { "ovation-test": { Keys: [{ PK: { S: "c" } }], ConsistentRead: true } };
  aws.answer(says(200, { Responses: { "ovation-test": [item, item] }, UnprocessedKeys }));
  const keys = { RequestItems: { "ovation-test": { Keys: [get.Key] } } };
  const theirs = await both.sdk.send("BatchGetCommand", keys);
  expect(await both.own.send("BatchGetCommand", keys)).toEqual(theirs);
});

test("reads the unprocessed part of a batch of writes", async () => {
  const left = [{ PutRequest: { Item: item } }, { DeleteRequest: { Key: { PK: { S: "c" } } } }];
  aws.answer(says(200, { UnprocessedItems: { "ovation-test": left } }));
  const writes = { RequestItems: { "ovation-test": [{ DeleteRequest: { Key: get.Key } }] } };
  const theirs = await both.sdk.send("BatchWriteCommand", writes);
  expect(theirs.UnprocessedItems).toBeDefined();
  expect(await both.own.send("BatchWriteCommand", writes)).toEqual(theirs);
});

describe("An error is the SDK's, with its attempts and pauses:", () => {
  test.each([
    ["ConditionalCheckFailedException", 400],
    ["ResourceNotFoundException", 400],
    ["ItemCollectionSizeLimitExceededException", 400],
    ["TransactionConflictException", 400],
    ["TransactionInProgressException", 400],
    ["IdempotentParameterMismatchException", 400],
    ["ValidationException", 400],
    ["AccessDeniedException", 400],
    ["UnrecognizedClientException", 400],
    ["ExpiredTokenException", 400],
    ["InvalidSignatureException", 400],
    ["SerializationException", 400],
    ["ReplicatedWriteConflictException", 400],
    ["ProvisionedThroughputExceededException", 400],
    ["ThrottlingException", 400],
    ["RequestLimitExceeded", 400],
    ["InternalServerError", 500],
    ["ServiceUnavailable", 503],
  ])("%s", async (name, status) => {
    const told = await ends(says(status, named(name)));
    expect(told.name).toBe(name);
    expect(told.$metadata.httpStatusCode).toBe(status);
  });

  test("a signature that expired on its way, as in a frozen environment", async () => {
    const expired = { ...named("InvalidSignatureException"), message: "Signature expired: late" };
    const told = await ends(says(400, expired));
    expect(told.$metadata.attempts).toBe(aws.got.length);
    expect(aws.got.length).toBe(3);
  });

  test("the item of a failed condition, its binary decoded", async () => {
    await ends(says(400, named("ConditionalCheckFailedException", { Item: item })));
  });

  test("the reasons of a cancelled transaction, with their items", async () => {
    const CancellationReasons = [
      { Code: "None" },
      { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: item },
      { Code: "TransactionConflict", Message: "Transaction is ongoing for the item" },
    ];
    const body = { __type: "TransactionCanceledException", Message: "cancelled" };
    const input = { TransactItems: [{ Delete: get }], ClientRequestToken: "token" };
    const found = [];
    for (const whose of everybody) {
      aws.answer(says(400, { ...body, CancellationReasons }));
      found.push(await endOf(both[whose].send("TransactWriteCommand", input)));
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[1]).toMatchObject({ CancellationReasons: [{ Code: "None" }, { Item: {} }, {}] });
  });

  test.each([
    ["a name in a header", says(400, {}, { "x-amzn-errortype": "ThrottledException:http://x/" })],
    ["no name", says(400, {})],
    ["no body", says(400, "")],
    ["a page of a proxy, refused", says(403, "<html>")],
    ["a page of a proxy that fails", says(502, "<html>")],
    ["429 without a name", says(429, {})],
    ["501", says(501, {})],
    ["a redirect", says(307, "", { location: "http://127.0.0.1:1/" })],
    ["half of an object", says(200, '{"Item":')],
  ])("%s", async (_, answer) => {
    await ends(answer);
  });

  test.each([
    ["x-amz-retry-after", "700"],
    ["x-amz-retry-after", "soon"],
    ["retry-after", "1"],
    ["retry-after", "later"],
  ])("the pause after %s: %s", async (header, value) => {
    const refusal = says(503, named("ServiceUnavailable"), { [header]: value });
    await endsAs(roundDelay, refusal, says(200, {}));
  });
});

describe("A connection", () => {
  const cut: Answer = (response) => void response.socket!.destroy();
  const cutInside: Answer = (response) => {
    response.writeHead(200, { "content-length": "1000", "x-amzn-requestid": "REQUEST" });
    response.write('{"Item":', () => response.socket!.destroy());
  };
  const silent: Answer = () => passTry();
  const silentInside: Answer = (response) => {
    response.writeHead(200, { "content-length": "1000" });
    // The client has read the beginning by then.
    response.write('{"Item":', () => realTimeout(passTry, 50));
  };
  const realTimeout = setTimeout;
  const passTry = () => void jest.advanceTimersByTime(tryMilliseconds);
  afterEach(() => void jest.useRealTimers());

  test.each([
    ["that is cut is tried again", cut],
    ["that is cut in an answer is tried again", cutInside],
    ["that is silent is tried again", silent],
    ["that falls silent in an answer is tried again", silentInside],
  ])("%s", async (_, answer) => {
    jest.useFakeTimers({ advanceTimers: true });
    await ends(answer, answer, says(200, { Item: item }));
    await ends(answer);
  });

  test("that is refused is tried again", async () => {
    await aws.stop();
    const [theirs, own] = await Promise.all(
      everybody.map((whose) => endOf(both[whose].send("GetCommand", get))),
    );
    expect(own).toEqual(theirs);
    aws = await startCounterpart();
  });
});
