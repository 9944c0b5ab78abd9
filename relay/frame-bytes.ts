/*
 * What goes over a WebSocket (RFC 6455, section 5.2). No extension is agreed on in a handshake, so
 * a message has the same bytes on every socket, and is encoded once for all of them.
 */

/** First bytes of frames that are whole messages: FIN and the opcode. */
const heads = { text: 0x81, ping: 0x89 };

/** A ping without content, as a server sends it. */
export const pingFrame = Buffer.from([heads.ping, 0]);

/** The bytes of a text message as a server sends it: one frame without a mask. */
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
 * Watches what one client sends, chunk by chunk, for a frame larger than the limit: `ws`
 * bounds whole messages alone. Answers whether there was one.
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

/** The length that a whole header of a client's frame tells; undefined while it is not whole. */
function payloadIn(header: readonly number[]): number | undefined {
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = second & 0x80 ? 4 : 0;
  if (header.length < 2 + extended + mask) return undefined;
  if (extended === 0) return short;
  return header.slice(2, 2 + extended).reduce((length, byte) => length * 256 + byte, 0);
}
