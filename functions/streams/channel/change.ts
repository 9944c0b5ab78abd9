import {
  ChannelChange,
  ChannelSettings,
  channelSettingsOf,
} from "../../../domain/streams/channel.ts";
import { unitsOf } from "../../../platform/http/contract.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { getProfiles } from "../../../platform/store/people/users.ts";
import {
  applyChannel,
  changeChannel,
  countChannelChange,
} from "../../../platform/store/streams/channels.ts";

const cost = { read: 2400, write: 18300, kilobytes: 35 };

export const { contract, handler } = endpoint(
  {
    route: "PATCH /api/v1/channel",
    summary: "Update my channel; the change also applies to my streams that have not ended",
    tag: "Channel",
    caller: "user",
    body: ChannelChange,
    answer: [200, ChannelSettings],
    hasRevisions: true,
    rate: "bulk",
    cost,
    refusals: ["user_not_found"],
    grants: { read: ["USER", "STREAM"], write: ["STREAM", "TRACE"] },
  },
  async ({ body, caller, now, assertRevision, showRevision }) => {
    const { moderators = [] } = body;
    await getProfiles(moderators);
    await countChannelChange(caller.userId, unitsOf(cost), now);
    const channel = await changeChannel(caller.userId, body, now, assertRevision);
    await applyChannel(caller.userId, now);
    showRevision(channel.revision);
    return channelSettingsOf(channel);
  },
);
