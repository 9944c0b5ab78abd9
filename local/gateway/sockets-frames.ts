/**
 * Watches the frames that a client sends for one that is too long. The `ws` library bounds whole
 * messages; API Gateway bounds each frame as well, at a quarter of that. RFC 6455, section 5.2.
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

/** The length that a whole frame header tells; undefined while the header is not yet whole. */
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
