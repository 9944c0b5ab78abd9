import type { SQSRecord } from "aws-lambda";
import { awsEnvironment, setting } from "../env.ts";
import { limits } from "../limits.ts";
import { logFault } from "../log.ts";
import { listBacklog, removeBacklog } from "../store/log/backlog.ts";
import { readHead } from "../store/log/recovery.ts";
import { rangesMax, whole } from "../store/log/subscribers.ts";
import { allDone } from "./all-done.ts";
import { deliverFrames, type PostFrames } from "./deliver.ts";
import { type Clock, largeGovernor, noteLimited, realClock } from "./governor.ts";
import { Posting } from "./jobs.ts";
import type { Memory, Room } from "./memory.ts";
import { type Framed, frameAll, queueRest } from "./push-stream.ts";
import { createSigner, hashOf } from "./sign.ts";
import { postSlice, type SliceJob, SlicePosted } from "./slice.ts";

type Message = Pick<SQSRecord, "messageId" | "body">;
type Work = { ids: string[]; run(): Promise<void> };

/**
 * Does what the messages of the queue `posts` ask, side by side. Many that ask for the same room are
 * one: whichever is first takes all that has gathered. Answers the ids of those that failed and are
 * to come again, so that a room which fails does not keep back the others of its batch.
 */
export async function postJobs(
  messages: readonly Message[],
  now: Date,
  memory: Memory,
): Promise<string[]> {
  const works = new Map<string, Work>();
  for (const { messageId, body } of messages) {
    const room = Posting.safeParse(readJson(body)).data?.streamId;
    const known = room === undefined ? undefined : works.get(room);
    if (known !== undefined) known.ids.push(messageId);
    else works.set(room ?? messageId, { ids: [messageId], run: () => workOf(room) });
  }

  async function workOf(streamId: string | undefined): Promise<void> {
    if (streamId === undefined) throw new Error("A message of the queue is no job");
    return postRoom({ streamId, now, memory }, postLarge);
  }
  const failed = await Promise.all(
    [...works].map(([name, { ids, run }]) =>
      run().then(
        () => [],
        (error: unknown) => {
          logFault("A posting failed and comes again", error, { name });
          return ids;
        },
      ),
    ),
  );
  return failed.flat();
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Posts a large room: all that has gathered into the log, then every frame that was not yet posted
 * to all viewers. What gathers meanwhile has a message of its own in the queue; what one call does
 * not take in is asked for. `post` brings them to the viewers.
 */
export async function postRoom(room: Room, post: PostFrames): Promise<void> {
  const { streamId } = room;
  const { ids, records, more } = await listBacklog(streamId, limits().backlogRecords);
  const { head, made } =
    records.length > 0 ? await frameAll(room, records) : await framedBefore(room);
  await removeBacklog(streamId, ids);
  const isDone = await deliverFrames(room, head, made, post);
  if (more || !isDone) await queueRest(room);
}

/** What lies in the log already: whoever framed it may have died before posting. */
async function framedBefore({ streamId }: Room): Promise<Framed> {
  return { head: (await readHead(streamId)).head, made: [] };
}

/** Posts a second that one environment carries: 160 sockets at 15 ms. */
const environmentRate = 10_000;

/**
 * Into how many parts a room is cut (a power of two): none has more than some `PART_VIEWERS`, and
 * there are no more environments than the stage's rate keeps busy. At the default rate that is one
 * for any room.
 */
export function countSlices(about: number): number {
  const wanted = Math.min(about / setting("PART_VIEWERS"), setting("POST_RATE") / environmentRate);
  let count = 1;
  while (count < rangesMax && count < wanted) count *= 2;
  return count;
}

/**
 * Posts a large room under the governor of large rooms. One that is too large for one environment
 * is cut into parts, each posted by an environment of its own. The log may be marked only when all
 * have answered, so that one which fails throws, and everything comes again.
 */
export const postLarge: PostFrames = async (room, frames, about) => {
  const of = countSlices(about);
  if (of === 1) return (await postSlice(room, frames, { ...whole, about }, largeGovernor())).size;
  const { streamId } = room;
  const [from, to] = [frames[0]!.n, frames.at(-1)!.n];
  const jobs = Array.from({ length: of }, (_, at) => ({ streamId, from, to, about, at, of }));
  const parts = await allDone(jobs.map(invoke()));
  noteLimited(Math.max(...parts.map((part) => part.limitedAt)));
  return new Set(parts.flatMap(({ viewers }) => viewers)).size;
};

/** Gives a part to an environment of its own; throws when there is no answer or a bad one. */
export type InvokeSlice = (job: SliceJob) => Promise<SlicePosted>;

let current: InvokeSlice | undefined;

function invoke(): InvokeSlice {
  current ??= persistent(createInvoke());
  return current;
}

/** Puts another way to invoke in its place: for tests and measurements. */
export function useInvoke(other: InvokeSlice | undefined): void {
  current = other;
}

/** For so long after its beginning a part that failed is tried again. */
const retryMillisecondsMax = 5_000;
const firstWaitMilliseconds = 100;

/**
 * Tries a part again that failed early: one call that is throttled or broken must not silence the
 * room until its message comes again. Posting twice is harmless.
 */
export function persistent(invokeSlice: InvokeSlice, clock: Clock = realClock): InvokeSlice {
  return async (job) => {
    const began = clock.now();
    for (let wait = firstWaitMilliseconds; ; wait *= 2)
      try {
        return await invokeSlice(job);
      } catch (error) {
        if (clock.now() + wait - began > retryMillisecondsMax) throw error;
        await clock.wait(wait);
      }
  };
}

/** After 20 s of posting and 5 s of tries a part of 30 s still ends within a minute. */
const answerMillisecondsMax = 31_000;

/**
 * Invokes `realtime/post-part` and waits for its answer. One call with the signer of the posts: the
 * SDK's client of Lambda would be a fifth of the bundle.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
function createInvoke(): InvokeSlice {
  const signing = { ...awsEnvironment(), service: "lambda" as const };
  const base = setting("AWS_ENDPOINT_URL") ?? `https://lambda.${signing.region}.amazonaws.com`;
  const path = `/2015-03-31/functions/${setting("POST_PART_FUNCTION")}/invocations`;
  const { host, href } = new URL(path, base);
  const sign = createSigner(host, signing);
  return async (job) => {
    const body = JSON.stringify(job);
    const answer = await fetch(href, {
      method: "POST",
      headers: pairsOf(sign({ method: "POST", path, payloadHash: hashOf(body) }, Date.now())),
      body,
      signal: AbortSignal.timeout(answerMillisecondsMax),
    });
    const text = await answer.text();
    if (answer.status !== 200 || answer.headers.has("x-amz-function-error"))
      throw new Error(`A part of ${job.streamId}: ${answer.status} ${text.slice(0, 500)}`);
    return SlicePosted.parse(JSON.parse(text));
  };
}

/** Headers as `fetch` takes them; it says the host itself. */
const pairsOf = (flat: readonly string[]) =>
  flat.flatMap((name, at) =>
    at % 2 === 0 && name !== "host" ? [[name, flat[at + 1]!] as [string, string]] : [],
  );
