import type { LargeBody } from "../body-bytes.ts";

/** An event as JSON, with a large body separate. */
export type WrittenEvent = { text: string; body?: LargeBody };

/** A response as a thread sends it: as JSON, with a large body separate. */
export type WrittenAnswer = {
  payload: string | undefined;
  /** The size of the whole response as JSON, with its body. */
  payloadBytes: number;
  body?: LargeBody;
};

/** Equal to that of `local/body-bytes.ts`, which a thread's source cannot import. */
const largeBodyMin = 64 * 1024;

/**
 * Serializes a function's response. A large body is decoded here, in the function's thread; the
 * runner's own thread, which serves all callers, would otherwise parse and decode megabytes.
 */
export function writeAnswer(answer: unknown): WrittenAnswer {
  if (!hasLargeBody(answer)) {
    const payload = JSON.stringify(answer);
    return { payload, payloadBytes: Buffer.byteLength(payload ?? "") };
  }
  const { body, ...rest } = answer;
  const payload = JSON.stringify(rest);
  const encoding = answer.isBase64Encoded === true ? "base64" : "utf8";
  // Base64 has nothing that JSON escapes.
  const quoted = encoding === "base64" ? body.length + 2 : Buffer.byteLength(JSON.stringify(body));
  const payloadBytes = Buffer.byteLength(payload) + ',"body":'.length + quoted;
  return { payload, payloadBytes, body: { bytes: Buffer.from(body, encoding), encoding } };
}

/** Parses an event, with its body if that was sent separately. */
export function readEvent(event: string, body: LargeBody | undefined): unknown {
  const read = JSON.parse(event);
  if (body === undefined) return read;
  const { buffer, byteOffset, byteLength } = body.bytes;
  return { ...read, body: Buffer.from(buffer, byteOffset, byteLength).toString(body.encoding) };
}

type WithBody = { body: string; isBase64Encoded?: unknown };

const hasLargeBody = (answer: unknown): answer is WithBody =>
  typeof answer === "object" &&
  answer !== null &&
  "body" in answer &&
  typeof answer.body === "string" &&
  answer.body.length >= largeBodyMin;
