import { setTimeout as sleep } from "node:timers/promises";
import { type Aws, startAws } from "../../local/aws/index.ts";
import type {
  CallAnswer,
  Connections,
  FunctionCall,
  PolicyStatement,
  Stage,
} from "../../local/model.ts";
import { openState } from "../../local/state.ts";
import { collectHeaders, createSigner, hashOf } from "../../platform/aws/sign.ts";
import { makeInvoke, makeStage } from "./sample-stage.ts";

/*
 * Calls that arrive as thread messages: the same policies, faults, responses and meter as through
 * sockets, including posts that are handled together.
 */

const arn = "arn:aws:execute-api:us-east-1:000000000000:sockets/ws/";
const manage = (Effect: "Allow" | "Deny", end: string): PolicyStatement => ({
  Effect,
  Action: ["execute-api:ManageConnections"],
  Resource: [`${arn}${end}`],
});

const sent: { id: string; text: string }[] = [];
let bodies = new Set<Uint8Array>();
const connections: Connections = {
  post(id, data) {
    if (id === "gone") return "gone";
    if (id === "slow") return "too_fast";
    bodies.add(data);
    sent.push({ id, text: Buffer.from(data).toString() });
    return "sent";
  },
  close: () => "closed",
  isOpen: () => true,
};

let aws: Aws;
let stage: Stage;

beforeAll(async () => {
  stage = makeStage({ tables: [] });
  aws = await startAws({
    stage,
    invoke: makeInvoke({}),
    connections,
    state: openState(":memory:"),
    secrets: {},
    log: () => {},
  });
});
afterAll(() => aws.stop());
beforeEach(async () => {
  stage.roles["sample-writer-role"] = [manage("Allow", "*/@connections/*")];
  sent.length = 0;
  bodies = new Set();
  await route("DELETE", "/local/faults");
  await route("POST", "/local/cost/reset");
});

async function route(method: string, path: string, body?: unknown) {
  const found = aws.routes.find((one) => one.method === method && one.path === path);
  return (await found!.handler({ body })).body as never;
}

const hello = Buffer.from("hello");

function callTo(id: string, body = hello, by = "sample-writer", method = "POST"): FunctionCall {
  const sign = createSigner("endpoint", {
    region: "us-east-1",
    accessKeyId: by,
    secretAccessKey: "any",
  });
  const url = `/sockets/ws/@connections/${id}`;
  const signed = { method: method as "POST", path: url, payloadHash: hashOf(body) };
  return { method, url, headers: collectHeaders(sign(signed, Date.now())), body };
}

/** The responses so far and within a moment; undefined if there is none. */
async function perform(calls: FunctionCall[], milliseconds = 50) {
  const answers: (CallAnswer | undefined)[] = calls.map(() => undefined);
  aws.doCalls(
    calls,
    (at, answer) => {
      answers[at] = answer;
    },
    () => false,
  );
  await sleep(milliseconds);
  return answers.map((answer) => (typeof answer === "object" ? answer.status : answer));
}

test("posts sent together each get their own response, and are each counted", async () => {
  const long = Buffer.alloc(33 * 1024, "x");
  const calls = [
    callTo("a"),
    callTo("gone"),
    callTo("b", long),
    callTo("slow"),
    callTo("c", Buffer.alloc(128 * 1024 + 1)),
    callTo("a", hello, "sample-writer", "GET"),
    callTo("d"),
  ];
  expect(await perform(calls)).toEqual([200, 410, 200, 429, 413, 200, 200]);
  expect(sent.map(({ id }) => id)).toEqual(["a", "b", "d"]);
  // Connections that get the same data get the same object, so its frame is built once.
  expect(bodies.size).toBe(2);
  const cost = (await route("GET", "/local/cost")) as {
    byFunction: Record<string, { byOperation: Record<string, { requests: number }> }>;
    items: { websocket_messages: number };
  };
  const { byOperation } = cost.byFunction["sample-writer"]!;
  expect(byOperation["execute-api:PostToConnection"]?.requests).toBe(6);
  expect(byOperation["execute-api:GetConnection"]?.requests).toBe(1);
  expect(cost.items.websocket_messages).toBe(1 + 1 + 2 + 1 + 5 + 1);
});

test("each post needs its grant, even if a policy distinguishes connections", async () => {
  const calls = () => [callTo("abc"), callTo("abd"), callTo("x")];
  const writes = (...statements: PolicyStatement[]) => {
    stage.roles["sample-writer-role"] = statements;
  };
  expect(await perform(calls())).toEqual([200, 200, 200]);
  writes(manage("Allow", "POST/@connections/ab*"));
  expect(await perform(calls())).toEqual([200, 200, 403]);
  writes(manage("Allow", "*"), manage("Deny", "POST/@connections/abc"));
  expect(await perform(calls())).toEqual([403, 200, 200]);
  writes(manage("Allow", "GET/@connections/*"));
  expect(await perform(calls())).toEqual([403, 403, 403]);
  const mixed = [callTo("a"), callTo("a", hello, "sample-reader"), callTo("a", hello, "nobody")];
  writes(manage("Allow", "*"));
  expect(await perform(mixed)).toEqual([200, 403, 400]);
});

test("a call without a signature, to no API or as the runner without its secret is refused", async () => {
  const calls = [
    { ...callTo("a"), headers: {} },
    { ...callTo("a"), url: "/other/ws/@connections/a" },
    { ...callTo("a"), url: "/sockets/ws/@connections/%zz" },
    callTo("a", hello, "ovation-runner"),
  ];
  expect(await perform(calls)).toEqual([400, 403, 400, 400]);
  expect(sent).toEqual([]);
});

test.each([
  ["throttle", 429, 0],
  ["error_before", 500, 0],
  ["gone", 410, 0],
  ["timeout", "lost", 0],
  ["timeout_after_commit", "lost", 1],
  ["silence", undefined, 0],
  ["silence_after_commit", undefined, 1],
])("the fault %s affects only the post that it is aimed at", async (kind, answer, posted) => {
  await route("POST", "/local/faults", { kind, service: "execute-api", keyPrefix: "b", count: 9 });
  expect(await perform([callTo("a"), callTo("b"), callTo("c")])).toEqual([200, answer, 200]);
  expect(sent.filter(({ id }) => id === "b")).toHaveLength(posted as number);
});

test("a delayed post delays no other, and arrives", async () => {
  const fault = { kind: "delay", delayMilliseconds: 300, keyPrefix: "b" };
  await route("POST", "/local/faults", fault);
  const calls = [callTo("b"), callTo("c")];
  const early = perform(calls);
  expect(await early).toEqual([undefined, 200]);
  await sleep(500);
  expect(sent.map(({ id }) => id)).toEqual(["c", "b"]);
});
