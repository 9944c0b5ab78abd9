import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import {
  assertMayChangeSettings,
  ChatSettings,
  ChatSettingsChange,
  changedSettings,
  chatSettingsOf,
  settingsRefusals,
} from "../../../domain/streams/chat-settings.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { revisionOf } from "../../../platform/http/envelope.ts";
import { getProfiles } from "../../../platform/store/people/users.ts";
import { changeSettings } from "../../../platform/store/streams/moderators.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/live-stream/{streamId}/chat-settings",
    summary: "Update a stream's chat settings; omitted fields stay unchanged",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: ChatSettingsChange,
    answer: [200, ChatSettings],
    hasRevisions: true,
    cost: { read: 40, write: 85, kilobytes: 35 },
    refusals: settingsRefusals,
    grants: { read: ["STREAM", "USER"], write: ["STREAM", "TRACE"] },
  },
  async ({ path, body, caller, now, assertRevision, showRevision }) => {
    const { moderators = [] } = body;
    await getProfiles(moderators);
    const stream = await getModeratedStream(path.streamId, caller, now);
    assertMayChangeSettings(stream, body, caller);
    const decide = (current: typeof stream) => {
      assertRevision(revisionOf(chatSettingsOf(current)));
      return changedSettings(current, body);
    };
    const changed = await changeSettings(stream, decide, caller.userId, now);
    const settings = chatSettingsOf(changed);
    showRevision(revisionOf(settings));
    return settings;
  },
);
