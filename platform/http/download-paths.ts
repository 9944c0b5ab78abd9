import * as z from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { refusals } from "../../domain/refusal.ts";
import type { DownloadContract } from "./contract.ts";
import { faultCode } from "./envelope.ts";
import { failureResponse, operationIdOf } from "./openapi.ts";

/** The paths of downloads for the public document, below `base`, the path of their API. */
export function downloadPaths(
  downloads: readonly { name: string; contract: DownloadContract }[],
  base: string,
): ZodOpenApiPathsObject {
  const bytes = { schema: { type: "string" as const, format: "binary" } };
  return Object.fromEntries(
    downloads.map(({ name, contract: { path, says, tag } }) => {
      const described = (operationId: string) => ({
        operationId,
        summary: says,
        tags: [tag],
        security: [],
        requestParams: { path: z.object({ id: z.string().regex(/^[0-9a-f]{24}$/) }) },
        responses: {
          200: { description: says, content: { "image/*": bytes } },
          404: failureResponse(404, { sentences: [refusals.picture_not_found.says] }),
        },
        "x-error-codes": ["picture_not_found", "unavailable", faultCode],
      });
      const get = described(operationIdOf(name));
      return [`${base}${path}`, { get, head: described(`${get.operationId}Head`) }];
    }),
  );
}
