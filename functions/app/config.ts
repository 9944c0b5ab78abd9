import * as z from "zod";
import { Amount } from "../../domain/credits.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";

/** What a client must know about the stage before anybody signs in. */
export const { contract, handler } = endpoint(
  {
    route: "GET /v1/app-config",
    says: "Read the settings that clients need",
    tag: "App",
    caller: "anyone",
    shape: "bare",
    answer: [200, z.object({ superLikePrice: Amount })],
    cacheControl: "public, max-age=60",
    refusals: [],
    grants: {},
  },
  async () => ({ superLikePrice: setting("SUPERLIKE_PRICE") }),
);
