/** JPEG markers: the Exif segment, and the end of the segments before the pixels. */
const markers = { exif: 0xe1, scan: 0xda };

/** The Exif tag with the camera's orientation (Exif 2.32, 4.6.4). */
const orientationTag = 0x0112;

/** The orientation, 1 to 8, in a JPEG's Exif segment; 1 (upright) if it has none. */
export function orientationOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return 1;
  for (let at = 2; at + 4 <= bytes.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === markers.scan) return 1;
    // Four bytes of marker and length, then `Exif` with two zeros.
    if (marker === markers.exif)
      return inTiff(bytes.subarray(at + 10, at + 2 + view.getUint16(at + 2)));
  }
  return 1;
}

/** The orientation in Exif's TIFF structure. */
function inTiff({ buffer, byteOffset, length }: Uint8Array): number {
  const view = new DataView(buffer, byteOffset, length);
  try {
    const isLittle = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, isLittle);
    const entries = view.getUint16(directory, isLittle);
    for (let entry = 0; entry < entries; entry++) {
      const at = directory + 2 + 12 * entry;
      if (view.getUint16(at, isLittle) !== orientationTag) continue;
      const orientation = view.getUint16(at + 8, isLittle);
      return orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
  } catch (error) {
    // A structure with offsets outside of itself is ignored.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** Copies the orientation of the original into a JPEG made of its pixels: browsers rotate both. */
export function orientedAs(original: Uint8Array, jpeg: Uint8Array): Uint8Array {
  const orientation = orientationOf(original);
  if (orientation === 1) return jpeg;
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1];
  const entry = [orientationTag >> 8, orientationTag & 255, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const content = [...Buffer.from("Exif\0\0"), ...tiff, ...entry, 0, 0, 0, 0];
  const segment = [0xff, markers.exif, 0, content.length + 2, ...content];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}
