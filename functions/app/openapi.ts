import * as z from "zod";
import openApi from "../../docs/openapi.json" with { type: "json" };
import { setting } from "../../platform/env.ts";
import { apiAddress } from "../../platform/http/address.ts";
import { document } from "../../platform/http/document.ts";
import { ofStage, serversAt } from "../../platform/http/reference.ts";

/** Made from the contracts by `npm run documents`, so it says what the functions check. */
export const { contract, handler } = document(
  {
    route: "GET /openapi.json",
    says: "Read the description of this API (OpenAPI 3.1)",
    tag: "App",
    answer: [200, z.looseObject({ openapi: z.string() })],
    cacheControl: "public, max-age=300",
  },
  (asked) => {
    const document = ofStage(openApi, { purchases: setting("PURCHASES") === "on" });
    return { body: JSON.stringify({ ...document, ...serversAt(apiAddress(asked)) }) };
  },
);
