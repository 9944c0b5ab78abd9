import type * as z from "zod";
import { chatMessageOf } from "../../../domain/streams/chat.ts";
import { guestBroadcaster, type LiveStream } from "../../../domain/streams/live-stream.ts";
import type { Joined } from "../../../domain/streams/stream-lifecycle.ts";
import { setting } from "../../runtime/env.ts";
import { findProfiles } from "../people/users.ts";
import { guestsOf } from "./display-names.ts";
import { findMessage } from "./messages.ts";
import { findStream } from "./streams.ts";

/** A shown stream without the pinned text, which may be deleted, and without its guests' names. */
const keptOf = (shown: LiveStream): LiveStream => ({
  ...shown,
  pinned: null,
  broadcasters: shown.broadcasters.filter(({ role }) => role === "host"),
});

/**
 * The stream as in the first response, with the current names of its guests, and without a pinned
 * message that has been deleted since.
 */
async function recall(kept: LiveStream, now: Date): Promise<LiveStream> {
  const { id, pinnedMessageId, guests, broadcasters } = kept;
  const [pinned, stream, people] = await Promise.all([
    pinnedMessageId === null ? undefined : findMessage(id, pinnedMessageId, now),
    guests.length === 0 ? undefined : findStream(id),
    findProfiles(guests),
  ]);
  const joined = stream === undefined ? [] : guestsOf(stream, people).map(guestBroadcaster);
  return {
    ...kept,
    pinned: pinned === undefined ? null : chatMessageOf(pinned, setting("DEFAULT_PICTURE")),
    broadcasters: [...broadcasters, ...joined],
  };
}

/** What an Idempotency-Key remembers of a response with a stream. */
export const streamReplay = {
  keep: keptOf,
  recall: async (kept: LiveStream, now: Date) => ({ answer: await recall(kept, now) }),
};

type Joining = z.infer<typeof Joined>;

/** What an Idempotency-Key remembers of a join. */
export const joinedReplay = {
  keep: (joined: Joining): Joining => ({ ...joined, liveStream: keptOf(joined.liveStream) }),
  recall: async (kept: Joining, now: Date) => ({
    answer: { ...kept, liveStream: await recall(kept.liveStream, now) },
  }),
};
