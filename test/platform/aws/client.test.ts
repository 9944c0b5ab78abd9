import { createHash } from "node:crypto";
import * as sdkSecrets from "@aws-sdk/client-secrets-manager";
import * as sdkQueues from "@aws-sdk/client-sqs";
import { jest } from "@jest/globals";
import { Refusal } from "../../../domain/refusal.ts";
import type { Transport, TransportRequest } from "../../../platform/aws/aws-client.ts";
import { openClient } from "../../../platform/aws/aws-client.ts";
import * as ownSecrets from "../../../platform/aws/client-secrets.ts";
import * as ownQueues from "../../../platform/aws/client-sqs.ts";
import { JsonClient } from "../../../platform/aws/json-client.ts";
import { beginInvocation, reservedMilliseconds } from "../../../platform/runtime/deadline.ts";
import { setClock } from "../clock.ts";
import {
  type Answer,
  type Counterpart,
  credentials,
  endOf,
  everybody,
  openBoth,
  says,
  startCounterpart,
  type Whose,
} from "./both-clients.ts";

/** Longer than a busy machine keeps an answer waiting, so that no answer is late by accident. */
const tryMilliseconds = 20_000;

let aws: Counterpart;

beforeEach(async () => {
  aws = await startCounterpart();
  jest.spyOn(Math, "random").mockReturnValue(0.1);
});
afterEach(async () => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  beginInvocation(undefined);
  await aws.stop();
});

const get = { TableName: "ovation-test", Key: { PK: "a", SK: "b" } };
const named = (name: string) => ({
  __type: `com.amazonaws.dynamodb.v20120810#${name}`,
  message: name,
});

describe("Queues and secrets", () => {
  const given = () => ({
    ...{ endpoint: aws.endpoint, region: "eu-central-1" },
    ...{ credentials, tryMilliseconds },
  });
  const queues = { sdk: sdkQueues, own: ownQueues as never as typeof sdkQueues };
  const secrets = { sdk: sdkSecrets, own: ownSecrets as never as typeof sdkSecrets };
  const QueueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/posts.fifo";
  const messages = [
    { QueueUrl, MessageBody: '{"ü":1}', DelaySeconds: 0 },
    { QueueUrl, MessageBody: "x", MessageGroupId: "stream", MessageDeduplicationId: "stream-1" },
  ];

  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  async function send(whose: Whose, message: (typeof messages)[number]) {
    const client = openClient(queues[whose].SQSClient, given());
    const end = await endOf(client.send(new queues[whose].SendMessageCommand(message)));
    client.destroy();
    return end;
  }
  const batch = {
    QueueUrl,
    Entries: [
      { Id: "0", MessageBody: '{"ü":1}', MessageGroupId: "a", MessageDeduplicationId: "a-1" },
      { Id: "1", MessageBody: "x", MessageGroupId: "b", MessageDeduplicationId: "b-1" },
    ],
  };
  async function sendBatch(whose: Whose) {
    const client = openClient(queues[whose].SQSClient, given());
    const end = await endOf(client.send(new queues[whose].SendMessageBatchCommand(batch)));
    client.destroy();
    return end;
  }
  async function read(whose: Whose) {
    const client = openClient(secrets[whose].SecretsManagerClient, given());
    const command = new secrets[whose].GetSecretValueCommand({ SecretId: "arn:secret" });
    const end = await endOf(client.send(command));
    client.destroy();
    return end;
  }

  /** The same of both, with what they have asked. */
  async function same(call: (whose: Whose) => Promise<unknown>, ...answers: Answer[]) {
    const ends = [];
    for (const whose of everybody) {
      aws.answer(...answers);
      const end = await call(whose);
      const asked = aws.got.map(({ headers, body }) => ({
        target: headers["x-amz-target"],
        type: headers["content-type"],
        host: headers.host,
        signedBy: String(headers.authorization).split("/").slice(1, 5).join("/").split(",")[0],
        body: JSON.parse(body) as unknown,
      }));
      ends.push({ end, asked });
    }
    expect(ends[1]).toEqual(ends[0]);
    return ends[1]!.end;
  }

  test.each(messages)("a message is sent as the SDK sends it: %j", async (message) => {
    const answer = { MessageId: "id", MD5OfMessageBody: md5(message.MessageBody) };
    const end = await same((whose) => send(whose, message), says(200, answer));
    expect(end).toMatchObject({ answer });
  });

  test("a message that SQS refuses is an error", async () => {
    const message = messages[0]!;
    const call = (whose: Whose) => send(whose, message);
    const refused = { __type: "com.amazonaws.sqs#InvalidMessageContents", message: "No" };
    await same(call, says(400, refused));
    await same(call, says(503, { __type: "ServiceUnavailable", message: "Later" }));
    await same(call, says(403, { __type: "RequestThrottled", message: "Slower" }));
  });

  test("messages are sent in batches as the SDK sends them", async () => {
    const taken = batch.Entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: `m${Id}`,
      MD5OfMessageBody: md5(MessageBody),
    }));
    const all = { Successful: taken, Failed: [] };
    expect(await same(sendBatch, says(200, all))).toMatchObject({ answer: all });
    const refused = { Id: "1", SenderFault: false, Code: "InternalError", Message: "Later" };
    const some = { Successful: taken.slice(0, 1), Failed: [refused] };
    expect(await same(sendBatch, says(200, some))).toMatchObject({ answer: some });
    await same(sendBatch, says(200, { Failed: [refused] }));
    await same(sendBatch, says(400, { __type: "com.amazonaws.sqs#BatchRequestTooLong" }));
    await same(sendBatch, says(503, { __type: "ServiceUnavailable", message: "Later" }));
  });

  test("a secret is read as the SDK reads it", async () => {
    const secret = { ARN: "arn:secret", Name: "name", SecretString: "the key" };
    expect(await same(read, says(200, secret))).toMatchObject({ answer: secret });
    await same(read, says(400, { __type: "ResourceNotFoundException", Message: "None" }));
    await same(read, says(500, { __type: "InternalServiceError", Message: "Later" }));
  });
});

describe("The retry quota", () => {
  test("is exhausted as the SDK's is, and refills after a success", async () => {
    const tries: Record<string, number[]> = {};
    for (const whose of everybody) {
      const both = openBoth(aws.endpoint, { tryMilliseconds });
      const counts: number[] = [];
      const count = async (...answers: Answer[]) => {
        aws.answer(...answers);
        await endOf(both[whose].send("GetCommand", get));
        counts.push(aws.got.length);
      };
      // 500 tokens pay for 35 retries at 14; the rest suffices for throttled calls, at 5.
      for (let call = 0; call < 20; call++) await count(says(500, {}));
      await count(says(200, {}));
      await count(says(500, {}));
      for (let call = 0; call < 12; call++) await count(says(200, {}));
      await count(says(500, {}), says(200, {}));
      await count(says(500, {}));
      for (const one of everybody) both[one].close();
      tries[whose] = counts;
    }
    expect(tries.own).toEqual(tries.sdk);
    expect(tries.own).toContain(3);
    expect(tries.own).toContain(1);
  });

  test("counts throttles as the SDK does, with their longer pauses", async () => {
    jest.spyOn(Math, "random").mockReturnValue(0.001);
    const ends: unknown[] = [];
    for (const whose of everybody) {
      const both = openBoth(aws.endpoint, { tryMilliseconds });
      aws.answer(says(400, named("ThrottlingException")));
      for (let call = 0; call < 55; call++)
        ends.push(await endOf(both[whose].send("GetCommand", get)));
      ends.push(aws.got.length);
      for (const one of everybody) both[one].close();
    }
    expect(ends.slice(ends.length / 2)).toEqual(ends.slice(0, ends.length / 2));
    expect(ends.at(-1)).toBe(55 + 100);
  });
});

describe("Credentials", () => {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;
  const before = names.map((name) => [name, process.env[name]] as const);
  afterEach(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });

  test("are read from the environment at each use", async () => {
    const { own } = openBoth(aws.endpoint, { credentials: undefined });
    aws.answer(says(200, {}));
    process.env.AWS_SECRET_ACCESS_KEY = "secret";
    const given = [
      ["FIRST", "token"],
      ["SECOND", "token"],
      ["SECOND", "another"],
    ];
    for (const [id, token] of given) {
      process.env.AWS_ACCESS_KEY_ID = id;
      process.env.AWS_SESSION_TOKEN = token;
      await own.send("GetCommand", get);
    }
    const signed = aws.got.map(({ headers }) => [
      /Credential=(\w+)\//.exec(String(headers.authorization))?.[1],
      headers["x-amz-security-token"],
    ]);
    expect(signed).toEqual(given);
    own.close();
  });

  test("that are missing are an error, and nothing is sent", async () => {
    for (const name of names) delete process.env[name];
    const { own } = openBoth(aws.endpoint, { credentials: undefined });
    expect(await endOf(own.send("GetCommand", get))).toMatchObject({
      name: "CredentialsProviderError",
    });
    expect(aws.got).toEqual([]);
    own.close();
  });
});

describe("The endpoint", () => {
  test.each(["eu-central-1", "us-gov-west-1", "cn-north-1"])(
    "in %s is the SDK's",
    async (region) => {
      const asked: TransportRequest[] = [];
      const transport: Transport = async (request) => {
        asked.push(request);
        return { status: 200, headers: {}, body: "{}" };
      };
      const given = {
        region,
        credentials,
        maxAttempts: 1,
        requestHandler: { requestTimeout: 100 },
      };
      const { SQSClient } = sdkQueues;
      const { SecretsManagerClient } = sdkSecrets;
      const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
      for (const [name, Client] of [
        ["dynamodb", DynamoDBClient],
        ["sqs", SQSClient],
        ["secretsmanager", SecretsManagerClient],
      ] as const) {
        const { config } = openClient(Client as typeof SQSClient, { region, credentials });
        const url = config.endpointProvider!({ Region: region } as never).url;
        await withTransport(transport, () =>
          new JsonClient({ name, target: "T", version: "1.0", pauseBase: 1 }, given).call(
            "O",
            "{}",
          ),
        );
        expect(asked.at(-1)!.host).toBe(url.host);
        expect(asked.at(-1)!.headers.host).toBe(url.host);
      }
    },
  );
});

const placed = Symbol.for("ovation.aws.transport");
async function withTransport<A>(transport: Transport, work: () => Promise<A>): Promise<A> {
  const place = globalThis as Record<symbol, unknown>;
  place[placed] = transport;
  try {
    return await work();
  } finally {
    delete place[placed];
  }
}

describe("An installed transport", () => {
  test("gets the request unsigned instead of the socket, and its response is read the same way", async () => {
    const { own } = openBoth(aws.endpoint);
    const asked: TransportRequest[] = [];
    const body = JSON.stringify({ Item: { PK: { S: "a" } } });
    const answer = await withTransport(
      async (request) => {
        asked.push(request);
        return { status: 200, headers: {}, body };
      },
      () => own.send("GetCommand", get),
    );
    expect(answer).toEqual({ Item: { PK: "a" } });
    expect(aws.got).toEqual([]);
    aws.answer(says(200, {}));
    await own.send("GetCommand", get);
    const [bySocket] = aws.got;
    for (const [name, value] of Object.entries(asked[0]!.headers))
      if (name !== "x-amz-date" && name !== "authorization")
        expect([name, bySocket!.headers[name]]).toEqual([name, value]);
    const { authorization } = asked[0]!.headers;
    expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/.*, Signature=none$/);
    expect(bySocket!.headers.authorization).toMatch(/, Signature=[0-9a-f]{64}$/);
    expect(asked[0]!.body).toBe(bySocket!.body);
    own.close();
  });

  test("is notified of an aborted call, and is called again as a socket would be", async () => {
    const { own } = openBoth(aws.endpoint, { tryMilliseconds: 50 });
    let aborted = 0;
    const end = await withTransport(
      (_, { signal }) => {
        signal.addEventListener("abort", () => {
          aborted += 1;
        });
        return new Promise(() => undefined);
      },
      () => endOf(own.send("GetCommand", get)),
    );
    expect(end).toMatchObject({ name: "TimeoutError", $metadata: { attempts: 3 } });
    expect(aborted).toBe(3);
    const lost = Object.assign(new Error("gone"), { code: "ECONNRESET" });
    let tries = 0;
    const broken = () => {
      tries += 1;
      return Promise.reject(lost);
    };
    expect(await withTransport(broken, () => endOf(own.send("GetCommand", get)))).toMatchObject({
      message: "gone",
    });
    expect(tries).toBe(3);
    own.close();
  });
});

describe("The invocation's time", () => {
  test("limits an attempt, and when it is over nothing is sent", async () => {
    const { own } = openBoth(aws.endpoint);
    // The time is over while the first try waits, however long the machine took to begin it.
    const begun = Date.now();
    setClock(begun);
    aws.answer(() => setClock(begun + 10_000));
    beginInvocation({ getRemainingTimeInMillis: () => reservedMilliseconds + 1_000 });
    const failure = await own.send("GetCommand", get).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Refusal);
    expect((failure as Refusal).code).toBe("unavailable");
    const { length } = aws.got;
    const again = await own.send("GetCommand", get).catch((error: unknown) => error);
    expect((again as Refusal).code).toBe("unavailable");
    expect([length, aws.got.length]).toEqual([1, 1]);
    own.close();
  });
});
