import * as z from "zod";
import { sizeInHeader } from "./picture-size.ts";
import { Timestamp } from "./text.ts";

/**
 * The largest picture in bytes: 3.5 MiB. In base64, the form in which a gateway passes bytes to and
 * from a function, the picture and the rest of its form (4 MiB in all) fit the 6 MB limit of one
 * event or response. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const pictureBytesMax = 3_670_016;

/** The largest picture in pixels: that of a 50-megapixel camera. */
const pixelsMax = 50_000_000;

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

/** File signatures by media type; undefined matches any byte. */
const beginnings: Record<string, readonly (readonly (number | undefined)[])[]> = {
  "image/png": [[0x89, ...ascii("PNG"), 0x0d, 0x0a, 0x1a, 0x0a]],
  "image/jpeg": [[0xff, 0xd8, 0xff]],
  "image/webp": [[...ascii("RIFF"), undefined, undefined, undefined, undefined, ...ascii("WEBP")]],
  "image/gif": [ascii("GIF87a"), ascii("GIF89a")],
};

/** The media type of a picture by its first bytes, regardless of its name; undefined for others. */
function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const fits = (beginning: readonly (number | undefined)[]) =>
    bytes.length >= beginning.length &&
    beginning.every((byte, at) => byte === undefined || byte === bytes[at]);
  return Object.keys(beginnings).find((mediaType) => beginnings[mediaType]!.some(fits));
}

const isFile = (value: unknown) =>
  typeof value === "object" &&
  value !== null &&
  "bytes" in value &&
  value.bytes instanceof Uint8Array;

/** An uploaded picture of an accepted type. SVG is not accepted, since it can hold scripts. */
export const PictureFile = z
  .custom<{ bytes: Uint8Array<ArrayBuffer> }>(isFile, "expected a file")
  .transform(({ bytes }, { issues }) => {
    const mediaType = mediaTypeOf(bytes);
    const refuse = (message: string) => {
      issues.push({ code: "custom", message, input: bytes.length });
      return z.NEVER;
    };
    if (bytes.length > pictureBytesMax) return refuse(`expected at most ${pictureBytesMax} bytes`);
    if (mediaType === undefined) return refuse("expected a PNG, JPEG, WebP or GIF picture");
    const size = sizeInHeader(bytes, mediaType);
    // Every client that shows a picture decodes it: one kilobyte can take 40 GB of memory.
    if (size !== undefined && size.width * size.height > pixelsMax)
      return refuse(`expected at most ${pixelsMax} pixels, found ${size.width} × ${size.height}`);
    return { bytes, mediaType };
  });
export type PictureFile = z.output<typeof PictureFile>;

/** How the API description shows a file field. */
export const pictureField = {
  type: "string",
  format: "binary",
  description: `A PNG, JPEG, WebP or GIF of at most ${pictureBytesMax} bytes`,
} as const;

/** The additional sizes of a stored picture, in pixels; 40 and 76 are squares. */
export const pictureSizes = [40, 76, 480] as const;
export type PictureSide = (typeof pictureSizes)[number];

/** The name of a picture's file: its id, followed by `-40` or another size. */
export const pictureName = new RegExp(`^([0-9a-f]{24})(?:-(${pictureSizes.join("|")}))?$`);

/** The largest picture, in bytes, that the firewall does not count as a large one. */
export const usualBytesMax = 256 * 1024;

/** Replaces the milliseconds (at most `3e7`) in the id of a large picture. */
const largeMark = "fff";

/** The form of a large picture's id, as the source of a regular expression. */
export const largePictureId = `[0-9a-f]{8}${largeMark}[0-9a-f]{13}`;

/**
 * The id of a stored picture, from a new id. A firewall sees paths and not sizes, so the id itself
 * says whether the picture is large.
 */
export const pictureIdOf = (newId: string, bytes: number): string =>
  bytes > usualBytesMax ? newId.slice(0, 8) + largeMark + newId.slice(11) : newId;

/**
 * The record of a picture while something shows it; its bytes are stored elsewhere under its id.
 */
export const Picture = z.object({
  id: z.string(),
  mediaType: z.string(),
  size: z.number().int(),
  /**
   * The media type of its other sizes; absent if there are none because it could not be decoded.
   */
  variantType: z.string().optional(),
  createdAt: Timestamp,
});
export type Picture = z.infer<typeof Picture>;
