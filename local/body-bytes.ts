import type { IncomingMessage } from "node:http";

/** A large body of an event or response, in the form in which threads exchange it. */
export type LargeBody = {
  bytes: Uint8Array;
  /** Its encoding as text in the event or response. */
  encoding: "base64" | "utf8";
};

/** Below this size, in bytes, parsing is faster than transferring. */
export const largeBodyMin = 64 * 1024;

/**
 * A large body that replaces its text in an event or response, so that the runner's own thread,
 * which serves all callers, does not encode and parse megabytes. In JSON it is text.
 */
export class BodyBytes implements LargeBody {
  readonly bytes: Buffer;
  readonly encoding: LargeBody["encoding"];

  constructor({ bytes, encoding }: LargeBody) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.encoding = encoding;
  }

  /** The length of its text in JSON, without quotes; a lower bound if JSON escapes some of it. */
  get textBytes(): number {
    return this.encoding === "base64" ? 4 * Math.ceil(this.bytes.length / 3) : this.bytes.length;
  }

  toJSON(): string {
    return this.bytes.toString(this.encoding);
  }
}

/**
 * The buffer of large bytes if it contains nothing else: it can be transferred to a thread, or
 * freed at once. If it is left to the garbage collector, a few megabytes cause a collection of the
 * whole heap.
 */
export function ownBufferOf({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isOwn = byteLength >= largeBodyMin && byteLength === buffer.byteLength;
  return isOwn && buffer instanceof ArrayBuffer ? [buffer] : [];
}

/**
 * A request's body, at most `bytesMax` bytes; `gone` if the caller disconnected before its end.
 * Event listeners instead of an async iterator: this runs for every call and costs half as much.
 */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | "too_large" | "gone"> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return "too_large";
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is read and dropped, so that the client can read its response.
      if (bytes <= bytesMax) chunks.push(chunk);
      else resolve("too_large");
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("close", () => resolve("gone"));
  });
}
