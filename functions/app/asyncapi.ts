import * as z from "zod";
import asyncApi from "../../docs/asyncapi.json" with { type: "json" };
import { shownText } from "../../domain/text.ts";
import { socketAddress } from "../../platform/http/address.ts";
import { document } from "../../platform/http/document.ts";
import { socketServersAt } from "../../platform/http/reference.ts";

/**
 * Generated from the contracts by `npm run documents`, so it matches what the functions validate.
 */
export const { contract, handler } = document(
  {
    route: "GET /asyncapi.json",
    summary: "Get the description of the WebSocket API (AsyncAPI 3.0)",
    tag: "App",
    answer: [200, z.looseObject({ asyncapi: shownText(20) })],
    cost: { kilobytes: 120 },
    cacheControl: "public, max-age=300",
  },
  (requested) => ({
    body: JSON.stringify({ ...asyncApi, ...socketServersAt(socketAddress(requested)) }),
  }),
);
