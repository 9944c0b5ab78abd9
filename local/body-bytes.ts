/** A large body of an event or of an answer, as it crosses between threads. */
export type LargeBody = {
  bytes: Uint8Array;
  /** How the event or answer has it as text. */
  encoding: "base64" | "utf8";
};

/** A smaller body is parsed sooner than it is handed over. */
export const largeBodyMin = 64 * 1024;

/**
 * A large body in an event or answer, in place of its text: the runner's own thread, which serves
 * everybody, need not encode and parse megabytes at a time. JSON has it as text.
 */
export class BodyBytes implements LargeBody {
  readonly bytes: Buffer;
  readonly encoding: LargeBody["encoding"];

  constructor({ bytes, encoding }: LargeBody) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.encoding = encoding;
  }

  /** The length of its text in JSON without quotes; at least that if JSON escapes some of it. */
  get textBytes(): number {
    return this.encoding === "base64" ? 4 * Math.ceil(this.bytes.length / 3) : this.bytes.length;
  }

  toJSON(): string {
    return this.bytes.toString(this.encoding);
  }
}

/**
 * The buffer of large bytes if it has nothing else in it: it can be handed over to a thread, or
 * freed at once. Left to the garbage collector, a few megabytes make it collect the whole heap.
 */
export function ownBufferOf({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isOwn = byteLength >= largeBodyMin && byteLength === buffer.byteLength;
  return isOwn && buffer instanceof ArrayBuffer ? [buffer] : [];
}
