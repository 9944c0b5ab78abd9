import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import {
  assertKnown,
  assertMayChangeSettings,
  ChatSettings,
  ChatSettingsChange,
  changedSettings,
  chatSettingsOf,
  settingsRefusals,
} from "../../../domain/streams/chat-settings.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { findProfiles } from "../../../platform/store/people/users.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/live-stream/{streamId}/chat-settings",
    summary: "Update a stream's chat settings; omitted fields stay unchanged",
    tag: "Live Stream Chat",
    caller: "user",
    shape: "envelope",
    path: z.object({ streamId: StreamId }),
    body: ChatSettingsChange,
    answer: [200, ChatSettings],
    hasRevisions: true,
    cost: { read: 40, write: 85, kilobytes: 35 },
    refusals: settingsRefusals,
    grants: { read: ["STREAM", "USER"], write: ["STREAM"] },
  },
  async ({ path, body, caller, now, assertRevision, showRevision }) => {
    const { moderators = [] } = body;
    assertKnown(moderators, await findProfiles(moderators));
    const stream = await getModeratedStream(path.streamId, caller, now);
    assertMayChangeSettings(stream, body, caller);
    const act = { action: "settings.changed", actorId: caller.userId, targetId: null } as const;
    const decide = (current: typeof stream) => {
      assertRevision(current.revision);
      return changedSettings(current, body);
    };
    const changed = await changeStream(stream, decide, now, act);
    showRevision(changed.revision);
    return chatSettingsOf(changed);
  },
);
