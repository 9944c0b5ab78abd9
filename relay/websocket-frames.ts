/*
 * Encoding of WebSocket frames (RFC 6455, section 5.2). Handshakes negotiate no extensions, so a
 * message has the same bytes on every socket and is encoded once.
 */

/** First bytes of unfragmented frames: FIN and the opcode. */
const heads = { text: 0x81, ping: 0x89 };

/** A server's ping without content. */
export const pingFrame = Buffer.from([heads.ping, 0]);

/** A text message as a server sends it: one unmasked frame. */
export function textFrame(text: string | Uint8Array): Buffer {
  const data = typeof text === "string" ? Buffer.from(text) : text;
  const { byteLength } = data;
  const extended = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + byteLength);
  frame[0] = heads.text;
  frame[1] = extended === 0 ? byteLength : extended === 2 ? 126 : 127;
  if (extended === 2) frame.writeUInt16BE(byteLength, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(byteLength), 2);
  frame.set(data, 2 + extended);
  return frame;
}

/**
 * Returns a function that checks the chunks from one client and returns true once a frame is larger
 * than the limit. `ws` limits whole messages only.
 */
export function watchFrames(bytesMax: number): (chunk: Uint8Array) => boolean {
  let header: number[] = [];
  let payloadLeft = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const skipped = Math.min(payloadLeft, chunk.length - at);
      payloadLeft -= skipped;
      at += skipped;
      if (at === chunk.length) break;
      header.push(chunk[at] ?? 0);
      at += 1;
      const payload = payloadIn(header);
      if (payload === undefined) continue;
      if (payload > bytesMax) return true;
      header = [];
      payloadLeft = payload;
    }
    return false;
  };
}

/** The payload length in a client's frame header; undefined while the header is incomplete. */
function payloadIn(header: readonly number[]): number | undefined {
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = second & 0x80 ? 4 : 0;
  if (header.length < 2 + extended + mask) return undefined;
  if (extended === 0) return short;
  return header.slice(2, 2 + extended).reduce((length, byte) => length * 256 + byte, 0);
}
