import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";
import type { RestAnswer, RestRequest } from "./rest-request.ts";
import { findHeader } from "./rest-request.ts";

const codings = { gzip: promisify(gzip), deflate: promisify(deflate) };
type Coding = keyof typeof codings;

/**
 * An answer as an API compresses it that says from how many bytes on: in the coding that the client
 * likes best, and as it is for a client that names none, or where it is coded already.
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
