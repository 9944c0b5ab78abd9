import { segmentsOf } from "../../domain/picture-size.ts";

/** The JPEG marker of a segment for an application, such as Exif or XMP. */
const applicationMarker = 0xe1;

/** The beginning of an Exif segment. */
const exifHead = Buffer.from("Exif\0\0");

/** The Exif tag with the camera's orientation (Exif 2.32, 4.6.4). */
const orientationTag = 0x0112;

/** The orientation, 1 to 8, in a JPEG's Exif segment; 1 (upright) if it has none. */
export function orientationOf(bytes: Uint8Array): number {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return 1;
  for (const { marker, content } of segmentsOf(bytes)) {
    if (marker === applicationMarker && exifHead.equals(content.subarray(0, exifHead.length)))
      return inTiff(content.subarray(exifHead.length));
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
  const content = [...exifHead, ...tiff, ...entry, 0, 0, 0, 0];
  const segment = [0xff, applicationMarker, 0, content.length + 2, ...content];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}
