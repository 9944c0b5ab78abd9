import type { UserSummary } from "../../domain/people/user.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { newId } from "../../platform/runtime/id.ts";

/** A stream as the product creates it, live from now on; `changes` override its fields. */
export function liveStreamOf(
  host: UserSummary,
  { id, ...changes }: Partial<Stream> = {},
  now = new Date(),
): Stream {
  const given = { id: id ?? newId(now), host, defaultThumbnail: host.profilePhoto.url, now };
  const made = makeStream(NewStream.parse({ title: "A stream" }), given);
  return { ...made, status: "active", startedAt: now.toISOString(), ...changes };
}
