import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import type { RestAnswer, RestRequest } from "./rest-request.ts";
import { findHeader } from "./rest-request.ts";

const codings = { gzip: promisify(gzip), deflate: promisify(deflate) };
type Coding = keyof typeof codings;

const decodings = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** API Gateway's limit for a request body, which applies to compressed bodies too. */
const bodyBytesMax = 10 * 1024 * 1024;

/**
 * A request as every API passes it on: with its body decompressed, and with the coding's header.
 * Returns the type of the gateway's refusal for an unsupported coding, for a body that does not
 * match its coding, and for one that is too large.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
 */
export async function decompressRequest(
  request: RestRequest,
): Promise<RestRequest | "UNSUPPORTED_MEDIA_TYPE" | "REQUEST_TOO_LARGE"> {
  const coding = findHeader(request, "content-encoding")?.trim().toLowerCase();
  if (coding === undefined || coding === "identity" || request.body.length === 0) return request;
  if (!Object.hasOwn(decodings, coding)) return "UNSUPPORTED_MEDIA_TYPE";
  try {
    const body = await decodings[coding as Coding](request.body, { maxOutputLength: bodyBytesMax });
    return { ...request, body };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ERR_BUFFER_TOO_LARGE" ? "REQUEST_TOO_LARGE" : "UNSUPPORTED_MEDIA_TYPE";
  }
}

/**
 * A response as an API with a compression threshold sends it: in the client's preferred coding, and
 * unchanged if the client accepts none, or if it is encoded already.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
 */
export async function compressAnswer(
  answer: RestAnswer,
  request: Pick<RestRequest, "headers">,
  minimumBytes: number | undefined,
): Promise<RestAnswer> {
  if (minimumBytes === undefined || answer.body.length < Math.max(1, minimumBytes)) return answer;
  if (findHeader(answer, "content-encoding") !== undefined) return answer;
  const coding = chooseCoding(findHeader(request, "accept-encoding") ?? "");
  if (coding === undefined) return answer;
  const headers: RestAnswer["headers"] = [...answer.headers, ["Content-Encoding", coding]];
  return { ...answer, headers, body: await codings[coding](answer.body) };
}

/** The coding with the highest weight, gzip among equals (RFC 9110, 12.5.3). */
function chooseCoding(accepted: string): Coding | undefined {
  const weights = new Map<string, number>();
  for (const part of accepted.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="))?.slice("q=".length);
    weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get("*") ?? 0;
  const [best] = (["gzip", "deflate"] as const).toSorted((a, b) => weightOf(b) - weightOf(a));
  return best !== undefined && weightOf(best) > 0 ? best : undefined;
}
