import * as z from "zod";
import openApi from "../../docs/openapi.json" with { type: "json" };
import { shownText } from "../../domain/text.ts";
import { apiAddress, otherAddresses } from "../../platform/http/address.ts";
import { document } from "../../platform/http/document.ts";
import { ofStage, serversAt, withOtherServers } from "../../platform/http/reference.ts";
import { setting } from "../../platform/runtime/env.ts";

/**
 * Generated from the contracts by `npm run documents`, so it matches what the functions validate.
 */
export const { contract, handler } = document(
  {
    route: "GET /openapi.json",
    summary: "Get the description of this API (OpenAPI 3.1)",
    tag: "App",
    answer: [200, z.looseObject({ openapi: shownText(20) })],
    cost: { kilobytes: 840 },
    cacheControl: "public, max-age=300",
  },
  (requested) => {
    const ofHere = ofStage(openApi, { purchases: setting("PURCHASES") === "on" });
    const document = withOtherServers(ofHere, otherAddresses());
    return { body: JSON.stringify({ ...document, ...serversAt(apiAddress(requested)) }) };
  },
);
