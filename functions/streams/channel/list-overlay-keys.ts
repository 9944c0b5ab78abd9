import { OverlayKeyId } from "../../../domain/id.ts";
import { cursorPage, cursorQuery } from "../../../domain/page.ts";
import { listedOverlayKeyOf, OverlayKeys } from "../../../domain/streams/overlay-key.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listOverlayKeys } from "../../../platform/store/streams/overlay-keys.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/channel/overlay-keys",
    summary: "List the overlay keys of my channel, newest first; the key values are not shown",
    tag: "Channel",
    caller: "user",
    query: cursorQuery(OverlayKeyId),
    answer: [200, OverlayKeys],
    cost: { read: 6, kilobytes: 1 },
    grants: { read: ["OVERLAY"] },
  },
  async ({ query: { after, limit }, caller }) => {
    const keys = await listOverlayKeys({ channelOf: caller.userId }, limit + 1, after);
    const { list, pageInfo } = cursorPage(keys, limit, ({ id }) => id);
    return { list: list.map(listedOverlayKeyOf), pageInfo };
  },
);
