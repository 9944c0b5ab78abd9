/** The descriptions of the API, generated from the contracts, still without examples. */
import { catchAll, rowsOf } from "../../lib/stages/route-table.ts";
import { methodAndPath } from "../../platform/http/contract.ts";
import { downloadPaths } from "../../platform/http/download-paths.ts";
import { openApiDocument } from "../../platform/http/openapi.ts";
import { asyncApiDocument } from "../../platform/realtime/asyncapi.ts";
import { commandPaths, receiverPaths } from "../../platform/tencent/openapi.ts";

const endpoints = rowsOf("endpoint").filter(
  ({ contract }) => methodAndPath(contract)[1] !== catchAll,
);

/** The AsyncAPI document of sockets and webhooks. */
export const asyncApi = asyncApiDocument(rowsOf("socket"));

/** The OpenAPI document of all calls. */
export const openApi = openApiDocument(endpoints, {
  ...commandPaths(rowsOf("command")),
  ...receiverPaths(rowsOf("receiver")),
  ...downloadPaths(rowsOf("download"), "/pictures"),
});
