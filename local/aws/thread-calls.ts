import type { PerformCalls } from "../model.ts";
import { answerCall, answerFailure, type Services } from "./answer-call.ts";
import type { PostTogether } from "./connections.ts";
import { AwsFailure, type AwsRequest } from "./failure.ts";
import { readCall } from "./signed-call.ts";

/** A call and its index among those that arrived with it. */
type Placed = { at: number; request: AwsRequest };

/**
 * Handles calls that arrive as thread messages with the same services, policies, faults and meter
 * as the endpoint. Posts that arrive together are handled together.
 */
export function createThreadCalls(services: Services, postTogether: PostTogether): PerformCalls {
  return (calls, answer, isGone) => {
    const toBuffer = createBuffers();
    const perform = async ({ at, request }: Placed) => {
      const outcome = await answerCall(services, { read: () => request, isGone });
      if (outcome !== "silence") answer(at, outcome);
    };
    const posts: Placed[] = [];
    for (const [at, { method, url, headers, body }] of calls.entries()) {
      try {
        const text = typeof body === "string" ? body : toBuffer(body);
        const placed = { at, request: readCall(services, { method, url, headers, body: text }) };
        // Faults apply to each call separately.
        if (isPost(placed) && services.faults.list().length === 0) posts.push(placed);
        else void perform(placed);
      } catch (error) {
        if (!(error instanceof AwsFailure)) throw error;
        answer(at, answerFailure(error));
      }
    }
    for (const together of Map.groupBy(posts, nameWay).values()) {
      const answers = postTogether(together.map(({ request }) => request));
      if (answers === undefined) for (const placed of together) void perform(placed);
      else for (const [index, { at }] of together.entries()) answer(at, answers[index]!);
    }
  };
}

const isPost = ({ request }: Placed) =>
  request.service === "execute-api" && request.method === "POST" && request.path.length === 4;

/** Groups posts of one caller through one API. */
const nameWay = ({ request: { caller, path } }: Placed) => `${caller} ${path[0]} ${path[1]}`;

/** Converts bodies to buffers, one per object, so that a repeated body is recognized. */
function createBuffers(): (body: Uint8Array) => Buffer {
  const made = new Map<Uint8Array, Buffer>();
  return (body) => {
    const found = made.get(body) ?? Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    made.set(body, found);
    return found;
  };
}
