import * as z from "zod";
import { Amount } from "../../domain/credits.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { setting } from "../../platform/runtime/env.ts";

/** What a client must know about the stage before a user signs in. */
export const { contract, handler } = endpoint(
  {
    route: "GET /v1/app-config",
    summary: "Get the settings that clients need",
    tag: "App",
    caller: "anyone",
    isBare: true,
    answer: [200, z.object({ superLikePrice: Amount })],
    cacheControl: "public, max-age=60",
    cost: { kilobytes: 1 },
    grants: {},
  },
  async () => ({ superLikePrice: setting("SUPERLIKE_PRICE") }),
);
