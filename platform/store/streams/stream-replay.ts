import type * as z from "zod";
import { guestBroadcaster, type LiveStream } from "../../../domain/streams/live-stream.ts";
import type { Joined } from "../../../domain/streams/stream-lifecycle.ts";
import { findProfiles } from "../people/users.ts";
import { findPinned, guestsOf } from "./display-names.ts";
import { findStream } from "./streams.ts";

/** A shown stream without the pinned text, which may be deleted, and without its guests' names. */
const keptOf = (shown: LiveStream): LiveStream => ({
  ...shown,
  pinned: null,
  broadcasters: shown.broadcasters.filter(({ role }) => role === "host"),
});

/** The stream as in the first response, with the current names of its guests. */
async function recall(kept: LiveStream): Promise<LiveStream> {
  if (kept.guests.length === 0) return kept;
  const [stream, people] = await Promise.all([findStream(kept.id), findProfiles(kept.guests)]);
  if (stream === undefined) return kept;
  const guests = guestsOf(stream, people).map(guestBroadcaster);
  return { ...kept, broadcasters: [...kept.broadcasters, ...guests] };
}

/** What an Idempotency-Key remembers of a response with a stream. */
export const streamReplay = {
  keep: keptOf,
  recall: async (kept: LiveStream) => ({ answer: await recall(kept) }),
};

type Joining = z.infer<typeof Joined>;

/** What an Idempotency-Key remembers of a join. */
export const joinedReplay = {
  keep: (joined: Joining): Joining => ({ ...joined, liveStream: keptOf(joined.liveStream) }),
  /** Has what was pinned, unless it was deleted since; other responses have no pinned message. */
  async recall(kept: Joining, now: Date) {
    const { id, pinnedMessageId: messageId } = kept.liveStream;
    const [liveStream, pinned] = await Promise.all([
      recall(kept.liveStream),
      findPinned({ id, pinned: messageId === null ? null : { messageId } }, now),
    ]);
    return { answer: { ...kept, liveStream: { ...liveStream, pinned } } };
  },
};
