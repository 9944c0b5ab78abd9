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

/** The extensions that a GIF may have: control, comment, application, plain text. */
const extensions = [0xf9, 0xfe, 0xff, 0x01];

/** Whether the image described at this offset lies within the screen. */
const isWithin = (view: DataView, at: number, width: number, height: number) =>
  view.getUint16(at, true) + view.getUint16(at + 4, true) <= width &&
  view.getUint16(at + 2, true) + view.getUint16(at + 6, true) <= height;

/**
 * https://www.w3.org/Graphics/GIF/spec-gif89a.txt, 18. An extension, or an image within the screen,
 * must follow the colour table: decoders accept nothing else.
 */
const readGif: Read = (view) => {
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  const flags = view.getUint8(10);
  const at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const block = view.getUint8(at);
  const isExtension = block === 0x21 && extensions.includes(view.getUint8(at + 1));
  const isImage = block === 0x2c && isWithin(view, at + 1, width, height);
  return isExtension || isImage ? { width, height } : undefined;
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

/** Walks from segment to segment, so that its steps grow with the segments, not the bytes. */
const readJpeg: Read = (view) => {
  for (let at = 2; at + 9 <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint8(at) !== 0xff) return undefined;
    // A frame header has eight bytes, and three more for each component.
    if (isFrame(view.getUint8(at + 1)) && view.getUint16(at + 2) === 8 + 3 * view.getUint8(at + 9))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
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
