/** Width and height of a picture in pixels. */
export type PictureSize = { width: number; height: number };

type Read = (view: DataView, bytes: Uint8Array) => PictureSize | undefined;

const uint24 = (view: DataView, at: number) =>
  view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;

const textAt = (bytes: Uint8Array, at: number) =>
  String.fromCharCode(...bytes.subarray(at, at + 4));

/** https://www.w3.org/TR/png-3/#11IHDR, always the first chunk. */
const readPng: Read = (view, bytes) =>
  textAt(bytes, 12) === "IHDR"
    ? { width: view.getUint32(16), height: view.getUint32(20) }
    : undefined;

/**
 * https://www.w3.org/Graphics/GIF/spec-gif89a.txt, 18 and 20. Browsers enlarge the logical screen
 * to show the first image, which may follow extensions. A file that begins with neither an
 * extension nor an image is no picture.
 */
const readGif: Read = (view) => {
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  const flags = view.getUint8(10);
  const start = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = start;
  while (view.getUint8(at) === 0x21) {
    // An extension: blocks with their lengths, up to an empty one.
    at += 2;
    while (view.getUint8(at) !== 0) at += 1 + view.getUint8(at);
    at++;
  }
  if (view.getUint8(at) !== 0x2c) return at === start ? undefined : { width, height };
  return {
    width: Math.max(width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true)),
    height: Math.max(height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true)),
  };
};

/** https://developers.google.com/speed/webp/docs/riff_container, and RFC 6386, 9.1, for VP8. */
const readWebp: Read = (view, bytes) => {
  const kind = textAt(bytes, 12);
  if (kind === "VP8X") return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
  if (kind === "VP8 " && uint24(view, 23) === 0x2a019d)
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind !== "VP8L" || view.getUint8(20) !== 0x2f) return undefined;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
};

/** Frame headers of JPEG (ITU T.81, B.2.2): C0 to CF, except for tables. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Markers without a segment: a stuffed byte, TEM, and restarts. */
const isBare = (marker: number) => marker <= 1 || (marker >= 0xd0 && marker <= 0xd7);

/** Markers that end the segments before the pixels: SOI, EOI and SOS. */
const isEnd = (marker: number) => marker >= 0xd8 && marker <= 0xda;

/**
 * The segments of a JPEG before its pixels, as decoders find them: they skip fill bytes and
 * everything else before the next marker (ITU T.81, B.1.1).
 */
export function* segmentsOf(bytes: Uint8Array): Generator<{ marker: number; content: Uint8Array }> {
  for (let at = bytes.indexOf(0xff, 2); at >= 0; at = bytes.indexOf(0xff, at)) {
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++] ?? 0xd9;
    if (isEnd(marker)) return;
    if (isBare(marker)) continue;
    const length = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    yield { marker, content: bytes.subarray(at + 2, at + length) };
    at += Math.max(2, length);
  }
}

const readJpeg: Read = (_, bytes) => {
  for (const { marker, content } of segmentsOf(bytes)) {
    const [, y = 0, y2 = 0, x = 0, x2 = 0, components = 0] = content;
    // A frame header has six bytes, and three more for each component.
    if (isFrame(marker) && content.length === 6 + 3 * components)
      return { width: x * 256 + x2, height: y * 256 + y2 };
  }
  return undefined;
};

const readers: Record<string, Read> = {
  "image/png": readPng,
  "image/gif": readGif,
  "image/webp": readWebp,
  "image/jpeg": readJpeg,
};

/** The size in a picture's header, without decoding it; undefined if there is none. */
export function sizeInHeader(bytes: Uint8Array, mediaType: string): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readers[mediaType]?.(view, bytes);
  } catch (error) {
    // The file ends inside its header.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
