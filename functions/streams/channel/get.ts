import { ChannelSettings, channelSettingsOf } from "../../../domain/streams/channel.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { findChannel } from "../../../platform/store/streams/channels.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/channel",
    summary: "Get my channel: the chat and hype train settings that my new streams start with",
    tag: "Channel",
    caller: "user",
    answer: [200, ChannelSettings],
    hasRevisions: true,
    cost: { read: 20, kilobytes: 35 },
    grants: { read: ["STREAM"] },
  },
  async ({ caller, showRevision }) => {
    const channel = await findChannel(caller.userId);
    showRevision(channel.revision);
    return channelSettingsOf(channel);
  },
);
