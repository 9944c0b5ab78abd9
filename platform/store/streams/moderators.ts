import { assertKnown } from "../../../domain/streams/chat-settings.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { isAbsent, putIf, writeItems } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { findProfiles } from "../people/users.ts";
import { changeStream } from "./stream-changes.ts";

const traceOf = (userId: string, hostId: string, at: string) => ({
  ...key.tracedHost(userId, hostId),
  hostId,
  at,
});

/**
 * Call before a write that makes users moderators of this host, after the read that the write
 * depends on: records where their erasures find them. Refuses a user whose account is gone with
 * `user_not_found`. An erasure that starts later finds the trace, and changes what was read.
 */
export async function appoint(
  hostId: string,
  was: readonly string[],
  is: readonly string[],
  now: Date,
): Promise<void> {
  const appointed = is.filter((userId) => !was.includes(userId));
  if (appointed.length === 0) return;
  await writeItems(appointed.map((userId) => traceOf(userId, hostId, now.toISOString())));
  assertKnown(appointed, await findProfiles(appointed, { consistent: true }));
}

/** Changes a stream's chat settings as `changeStream` does; `decide` may name new moderators. */
export function changeSettings(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  actorId: string,
  now: Date,
): Promise<Stream> {
  let was = stream;
  const note = (current: Stream) => {
    was = current;
    return decide(current);
  };
  const act = { action: "settings.changed", actorId, targetId: null } as const;
  return changeStream(stream, note, now, act, async ({ hostId, moderators }) => {
    await appoint(hostId, was.moderators, moderators, now);
    return [];
  });
}

/** Records a host whose moderator was deleted at this time, unless there is a trace already. */
export async function noteFormerModerator(
  userId: string,
  hostId: string,
  at: string,
): Promise<void> {
  await putIf(traceOf(userId, hostId, at), isAbsent);
}
