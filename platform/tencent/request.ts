import type { APIGatewayProxyEvent } from "aws-lambda";
import { refuse } from "../../domain/refusal.ts";
import { bodyBytesMax, readUtf8 } from "../http/request.ts";

/** Parses the body as a JSON object, whatever its content type. */
export function readCommandBody(event: APIGatewayProxyEvent): unknown {
  const bytes = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > bodyBytesMax.json) refuse("body_too_large", { bytesMax: bodyBytesMax.json });
  const value = parse(bytes);
  if (value === null || typeof value !== "object" || Array.isArray(value))
    refuse("body_unreadable");
  return value;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse((readUtf8(bytes) ?? "").replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}
