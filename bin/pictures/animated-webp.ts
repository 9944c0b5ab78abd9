/** Joins stills to an animated WebP. https://developers.google.com/speed/webp/docs/riff_container */

/** A still as WebP, and its duration. */
export type Still = { webp: Buffer; milliseconds: number };

/** The animation flag of a VP8X header. */
const moves = 0b10;
/** The flag of an ANMF header that disables blending with the previous still. */
const withoutBlending = 0b10;

/** Joins stills of `width` × `height` pixels to one WebP that loops. */
export function encodeAnimation(stills: readonly Still[], width: number, height: number): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt8(moves, 0);
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  // Four bytes of background colour, then the loop count: 0 is infinite.
  const loop = Buffer.from([255, 255, 255, 255, 0, 0]);
  const frames = stills.map(({ webp, milliseconds }) => {
    const frame = Buffer.alloc(16);
    frame.writeUIntLE(width - 1, 6, 3);
    frame.writeUIntLE(height - 1, 9, 3);
    frame.writeUIntLE(milliseconds, 12, 3);
    frame.writeUInt8(withoutBlending, 15);
    return makeChunk("ANMF", Buffer.concat([frame, ...listPixels(webp)]));
  });
  const body = [makeChunk("VP8X", header), makeChunk("ANIM", loop), ...frames];
  return makeChunk("RIFF", Buffer.concat([Buffer.from("WEBP"), ...body]));
}

/** Chunks start at even offsets. */
const evenly = (bytes: number) => bytes + (bytes % 2);

function makeChunk(name: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(8 + evenly(content.length));
  chunk.write(name, "latin1");
  chunk.writeUInt32LE(content.length, 4);
  content.copy(chunk, 8);
  return chunk;
}

/** The chunks of a still that contain its pixels. */
function listPixels(webp: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 12; at + 8 <= webp.length; ) {
    const name = webp.toString("latin1", at, at + 4);
    const end = at + 8 + evenly(webp.readUInt32LE(at + 4));
    if (["ALPH", "VP8 ", "VP8L"].includes(name)) found.push(webp.subarray(at, end));
    at = end;
  }
  return found;
}
