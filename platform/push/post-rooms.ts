import type { SQSRecord } from "aws-lambda";
import { logFault } from "../log.ts";
import { Posting } from "./jobs.ts";
import { postLarge } from "./large-room.ts";
import type { Memory } from "./memory.ts";
import { postRoom } from "./push-stream.ts";

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
