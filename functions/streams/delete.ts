import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { assertMayHost, deleteStream } from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { forgetPicture } from "../../platform/pictures/pictures.ts";
import { showStream } from "../../platform/store/streams/display-names.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/live-stream/{streamId}",
    summary: "Delete a stream that is not live; its payments stay in the ledger",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, LiveStream],
    cost: { read: 48, write: 75, kilobytes: 70 },
    refusals: ["stream_not_found", "member_blocked", "stream_not_yours", "stream_live"],
    grants: {
      read: ["STREAM", "ESCROW", "USER"],
      write: ["STREAM", "ESCROW", "PLANNED", "USER", "LIST", "PICTURE"],
    },
  },
  async ({ path, caller, now }) => {
    const { stream } = await getStreamWithoutPass(path.streamId, caller, now, { consistent: true });
    assertMayHost(stream, caller);
    const decide = (current: Stream) => deleteStream(current, now);
    const forget = ({ pictureId }: Stream) => forgetPicture(pictureId);
    return showStream(await changeStream(stream, decide, now, undefined, forget));
  },
);
