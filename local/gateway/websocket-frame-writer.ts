/** First byte of a text message that is one frame: FIN and the opcode 1. */
const textHead = 0x81;

/**
 * The bytes of a text message from a server: one frame without a mask (RFC 6455, section 5.2).
 * Handshakes here agree on no extension, so a message has the same bytes on every socket.
 */
export function writeTextFrame(data: Uint8Array): Buffer {
  const { byteLength } = data;
  const extended = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + byteLength);
  frame[0] = textHead;
  frame[1] = extended === 0 ? byteLength : extended === 2 ? 126 : 127;
  if (extended === 2) frame.writeUInt16BE(byteLength, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(byteLength), 2);
  frame.set(data, 2 + extended);
  return frame;
}

const written = new WeakMap<Uint8Array, Buffer>();

/** A text message as `writeTextFrame` encodes it, once per data object for all receivers. */
export function findTextFrame(data: Uint8Array): Buffer {
  let frame = written.get(data);
  if (frame === undefined) {
    frame = writeTextFrame(data);
    written.set(data, frame);
  }
  return frame;
}
