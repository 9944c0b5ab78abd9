import * as z from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { pictureName } from "../../domain/picture.ts";
import { refusals } from "../../domain/refusal.ts";
import type { DownloadContract } from "./contract.ts";
import { faultCode } from "./envelope.ts";
import { failureResponse } from "./failure-responses.ts";
import { notModified, operationIdOf } from "./openapi.ts";

/** An example id for the API description. */
const example = "6920b3f85e1c4a7d9b02f6e3";

/** The headers of a response with bytes, for the API description. */
const headers = {
  etag: {
    description: "Identifies the content",
    schema: { type: "string", maxLength: 200 },
    example: `"${example}"`,
  },
  "cache-control": {
    description: "The content never changes",
    schema: { type: "string", maxLength: 200 },
    example: "public, max-age=31536000, immutable",
  },
} as const;

/** The paths of downloads for the API description, below `base`, the path of their API. */
export function downloadPaths(
  downloads: readonly { name: string; contract: DownloadContract }[],
  base: string,
): ZodOpenApiPathsObject {
  const bytes = { schema: { type: "string" as const, format: "binary" } };
  const description =
    "The id of a picture. The suffix `-40` or `-76` selects a centred square of " +
    "that many pixels, `-480` the whole picture scaled down to at most 480. In five minutes an " +
    "address may read 240 files of more than 256 KB, and 2,750 others and pictures of 480";
  const id = z.string().regex(pictureName).meta({ maxLength: 28, description, example });
  const path = z.object({ id });
  return Object.fromEntries(
    downloads.map(({ name, contract: { path: pattern, summary, tag } }) => {
      const described = (operationId: string, summary: string) => ({
        operationId,
        summary,
        tags: [tag],
        security: [],
        requestParams: { path },
        responses: {
          200: { description: summary, headers, content: { "image/*": bytes } },
          304: notModified,
          404: failureResponse(404, {
            sentences: [refusals.picture_not_found.sentence],
            codes: ["picture_not_found"],
          }),
          500: failureResponse(500),
          503: failureResponse(503, { codes: ["unavailable"] }),
        },
        "x-error-codes": ["picture_not_found", "unavailable", faultCode],
      });
      const get = described(operationIdOf(name), summary);
      const head = described(`${get.operationId}Head`, `${summary}: only its headers`);
      return [`${base}${pattern}`, { get, head }];
    }),
  );
}
