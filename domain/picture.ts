import * as z from "zod";
import { sizeInHeader } from "./picture-size.ts";
import { Timestamp } from "./text.ts";

/**
 * Bytes of a picture: 3.5 MiB. In base64, as a gateway hands bytes to a function and back, it and
 * the rest of its form (4 MiB in all) fit the 6 MB that one event or answer may have.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const pictureBytesMax = 3_670_016;

/** Pixels of a picture: what a camera with 50 megapixels makes. */
const pixelsMax = 50_000_000;

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

/** How files begin, by media type; undefined is any byte. */
const beginnings: Record<string, readonly (readonly (number | undefined)[])[]> = {
  "image/png": [[0x89, ...ascii("PNG"), 0x0d, 0x0a, 0x1a, 0x0a]],
  "image/jpeg": [[0xff, 0xd8, 0xff]],
  "image/webp": [[...ascii("RIFF"), undefined, undefined, undefined, undefined, ...ascii("WEBP")]],
  "image/gif": [ascii("GIF87a"), ascii("GIF89a")],
};

/** The media type of a picture by its first bytes, whatever it is called; undefined for others. */
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

/** A file of a form that is a picture which is kept. SVG is none: it can hold scripts. */
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
    // Whoever shows it decodes it: a file of a kilobyte can take 40 GB of memory.
    if (size !== undefined && size.width * size.height > pixelsMax)
      return refuse(`expected at most ${pixelsMax} pixels, found ${size.width} × ${size.height}`);
    return { bytes, mediaType };
  });
export type PictureFile = z.output<typeof PictureFile>;

/** How the description shows a field that is a file. */
export const pictureField = {
  type: "string",
  format: "binary",
  description: `A PNG, JPEG, WebP or GIF of at most ${pictureBytesMax} bytes`,
} as const;

/** The sizes in which a picture is kept beside its own, in pixels; 40 and 76 are squares. */
export const pictureSizes = [40, 76, 480] as const;
export type PictureSide = (typeof pictureSizes)[number];

/** The name of a picture's file in its own size or another: its id, and `-40` after it. */
export const pictureName = new RegExp(`^([0-9a-f]{24})(?:-(${pictureSizes.join("|")}))?$`);

/** What is noted of a picture while something shows it; its bytes lie elsewhere under its id. */
export const Picture = z.object({
  id: z.string(),
  mediaType: z.string(),
  size: z.number().int(),
  /** Of its other sizes; absent where there are none, since nothing could decode it. */
  variantType: z.string().optional(),
  createdAt: Timestamp,
});
export type Picture = z.infer<typeof Picture>;
