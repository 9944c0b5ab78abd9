/**
 * Watches a client's frames for an oversized one. The `ws` library limits whole messages; API
 * Gateway limits each frame as well, at a quarter of that. RFC 6455, section 5.2.
 */
type FrameWatch = (chunk: Uint8Array) => "ok" | "too_long";

/** Makes the watch of one connection; give it every byte that the client sends, in order. */
export function createFrameWatch(payloadBytesMax: number): FrameWatch {
  let header: number[] = [];
  let payloadLeft = 0;
  return (chunk) => {
    let index = 0;
    while (index < chunk.length) {
      if (payloadLeft > 0) {
        const skipped = Math.min(payloadLeft, chunk.length - index);
        payloadLeft -= skipped;
        index += skipped;
        continue;
      }
      header.push(chunk[index] ?? 0);
      index++;
      const payload = readPayloadLength(header);
      if (payload === undefined) continue;
      if (payload > payloadBytesMax) return "too_long";
      header = [];
      payloadLeft = payload;
    }
    return "ok";
  };
}

/** The length in a complete frame header; undefined while the header is incomplete. */
function readPayloadLength(header: number[]): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = second & 0x80 ? 4 : 0;
  if (header.length < 2 + extended + mask) return undefined;
  if (extended === 0) return short;
  return header.slice(2, 2 + extended).reduce((length, byte) => length * 256 + byte, 0);
}
