import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Frame } from "../../../domain/log/frame.ts";
import { listen } from "../../../local/reachable.ts";
import { postToAll } from "../../../platform/push/deliver.ts";
import { createGovernor } from "../../../platform/push/governor.ts";
import { createJobs, SliceJob } from "../../../platform/push/jobs.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { ownInvokeSlice } from "../../../platform/push/slice-job.ts";
import { posterWith } from "./posters.ts";

/* How a slice is invoked, against a server that stands for Lambda. */

Object.assign(process.env, {
  POST_RATE: "20000",
  PART_VIEWERS: "10",
  POST_PART_FUNCTION: "ovation-test-realtime-post-part",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token",
});

type Call = { url: string; authorization: string; token: unknown; job: SliceJob };
type Answer = { status: number; error?: boolean; body: unknown };

let server: Server;
const calls: Call[] = [];
let answer: (job: SliceJob, tries: number) => Answer;

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  const job = SliceJob.parse(JSON.parse(body));
  const { authorization = "", "x-amz-security-token": token } = request.headers;
  calls.push({ url: request.url ?? "", authorization, token, job });
  const said = answer(job, calls.filter((call) => call.job.at === job.at).length);
  if (said.error) response.setHeader("x-amz-function-error", "Unhandled");
  response.statusCode = said.status;
  response.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
}

beforeAll(async () => {
  server = createServer((request, response) => void take(request, response));
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${await listen(server)}`;
});
beforeEach(() => calls.splice(0));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const governor = createGovernor(20_000, async (_slot, wanted) => wanted);
const room = { streamId: "64d15f9e2e6c8f4d5a123000", now: new Date(), cache: createPushCache() };
const ways = { poster: posterWith({}), governor, jobs: createJobs() };
const post = () => {
  const outlet = { ...ways, invokeSlice: ownInvokeSlice() };
  return postToAll({ ...room, outlet }, [{ n: 7 }, { n: 8 }] as Frame[], 20);
};
const posted = (...viewers: string[]) => ({ status: 200, body: { viewers, limitedAt: 5 } });

test("each slice is one signed call to the function, and a user of two slices counts once", async () => {
  answer = ({ at }) => posted("both", `only ${at}`);
  expect([...(await post())].sort()).toEqual(["both", "only 0", "only 1"]);
  expect(governor.limitedAt()).toBe(5);
  const job = { streamId: room.streamId, from: 7, to: 8, about: 20, of: 2 };
  expect(calls.map((call) => call.job).sort((a, b) => a.at - b.at)).toEqual([
    { ...job, at: 0 },
    { ...job, at: 1 },
  ]);
  for (const { url, authorization, token } of calls) {
    expect(url).toBe("/2015-03-31/functions/ovation-test-realtime-post-part/invocations");
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/lambda\/aws4_request, /,
    );
    expect(token).toBe("token");
  }
});

test("a call that is throttled, then one whose function fails, are made again", async () => {
  answer = ({ at }, tries) => {
    if (at === 0 || tries > 2) return posted(`user ${at}`);
    return tries === 1
      ? { status: 429, body: { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" } }
      : { status: 200, error: true, body: { errorMessage: "out of memory" } };
  };
  expect([...(await post())].sort()).toEqual(["user 0", "user 1"]);
  expect(calls.map(({ job }) => job.at).sort()).toEqual([0, 1, 1, 1]);
});

test("a slice that keeps failing fails the posting, after some attempts", async () => {
  answer = ({ at }) => (at === 0 ? posted("a") : { status: 200, body: { viewers: 12 } });
  await expect(post()).rejects.toThrow(/viewers/);
  expect(calls.length).toBeGreaterThan(3);
});
