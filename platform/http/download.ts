import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { logFault, withFunctionName } from "../runtime/log.ts";
import { isTransient } from "../table/conflicts.ts";
import type { DownloadContract } from "./contract.ts";
import { commonHeaders, faultAnswer, isKnown, refusalAnswer } from "./envelope.ts";
import { answerUnknownRoute, hasTrailingSlash, header, readPath } from "./request.ts";

/** Bytes with their media type and the requested name. */
type Found = { name: string; mediaType: string; bytes: Uint8Array };

/** Content with a name never changes, so caches may keep it indefinitely. */
const forEver = "public, max-age=31536000, immutable";

/** An uploaded file must not run scripts, whatever type a browser detects. */
const policy = "default-src 'none'; sandbox";

/**
 * The counterpart of `endpoint` for bytes: GET and HEAD get the same response, and the gateway
 * drops the body for HEAD. If `find` returns nothing, the response is 404.
 */
export function download<const C extends Omit<DownloadContract, "kind">>(
  declaration: C,
  find: (name: string) => Promise<Found | undefined>,
) {
  const contract = { kind: "download", ...declaration } as C & { kind: "download" };
  withFunctionName(find, contract.path);

  async function serve(event: APIGatewayProxyEvent): Promise<Found> {
    const [name = ""] = Object.values(readPath(event));
    return (await find(name)) ?? refuse("picture_not_found");
  }

  async function handler(
    event: APIGatewayProxyEvent,
    context?: TimeLeft,
  ): Promise<APIGatewayProxyResult> {
    beginInvocation(context, event.requestContext.requestId);
    if (hasTrailingSlash(event)) return answerUnknownRoute(event);
    const { requestId } = event.requestContext;
    const headers = commonHeaders(requestId, header(event, "origin"));
    try {
      const found = await serve(event);
      return answer(found, headers, header(event, "if-none-match"));
    } catch (error) {
      const now = new Date();
      if (error instanceof Refusal) return refusalAnswer(error, headers, now);
      logFault("A download failed", error, { path: contract.path });
      if (isTransient(error)) return refusalAnswer(new Refusal("unavailable"), headers, now);
      return faultAnswer(headers, now);
    }
  }

  return { contract, handler };
}

function answer(
  { name, mediaType, bytes }: Found,
  common: Record<string, string>,
  known: string | undefined,
): APIGatewayProxyResult {
  const headers = {
    ...common,
    "content-type": mediaType,
    "cache-control": forEver,
    "content-security-policy": policy,
    "cross-origin-resource-policy": "cross-origin",
    etag: `"${name}"`,
  };
  if (isKnown(headers.etag, known)) return { statusCode: 304, headers, body: "" };
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  return { statusCode: 200, headers, body, isBase64Encoded: true };
}
