import { randomBytes, randomFillSync } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

/** A picture of 12 × 8 pixels of each type; the GIF has one pixel. */
const whole = {
  "image/png": Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAICAYAAADN5B7xAAAAdElEQVR4Ae3AA6AkWZbG8f937o3IzKdyS2Oubdu2bdu2bdu2bWmMnpZKr54yMyLu+Xa3anqmhztr1a/CW/s0cBo4DZwGTgOngdPAaeA0cBo4DVRu4V+Dyi38a1C5hX8NKrfwr0HlFv41qNzCvwaVW/jX4B8B89kDHjuY5v4AAAAASUVORK5CYII=",
    "base64",
  ),
  "image/jpeg": Buffer.from(
    "/9j/4AAQSkZJRgABAgAAAQABAAD/wAARCAAIAAwDAREAAhEBAxEB/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/9sAQwEODg4TERMmFRUmTzUtNU9PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDIs/D/AE+T9KzqY05sFmG2psxeH/kHyfpXFLG6n01LMPd3P//Z",
    "base64",
  ),
  "image/webp": Buffer.from(
    "UklGRpoAAABXRUJQVlA4TI4AAAAvC8ABEM1VICICHsgmAAAAAIABAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACBA8ADkQAAAAAAOP8BADAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAHggEgAAAAAA5z8AAAAAAAAAAABgAAAAAAAAAAAAAAAAAAAAAAAAAQAAgEjt3kgC",
    "base64",
  ),
  "image/gif": Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64"),
};

type PictureType = keyof typeof whole;

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const chunk = (name: string, data: Uint8Array) => {
  const content = Buffer.concat([Buffer.from(name), data]);
  return Buffer.concat([uint32(data.length), content, uint32(crc32(content))]);
};

type Pixel = [red: number, green: number, blue: number, alpha: number];

/**
 * A PNG in one colour and opacity, or of random points; with `lines` it is cut after that number of
 * lines. `edges` is the colour of the first and the last sixth of its longer side.
 */
export function png(
  width: number,
  height: number,
  { alpha = 255, lines = height, isNoise = false, edges = undefined as Pixel | undefined } = {},
) {
  const isEdge = (at: number, length: number) => at < length / 6 || at >= (5 * length) / 6;
  const lineOf = (_: unknown, y: number) => {
    const line = Buffer.alloc(1 + 4 * width, Buffer.from([200, 120, 40, alpha]));
    line.copyWithin(1, 0);
    line[0] = 0;
    for (let x = 0; edges !== undefined && x < width; x++)
      if (width > height ? isEdge(x, width) : isEdge(y, height)) line.set(edges, 1 + 4 * x);
    if (isNoise) randomFillSync(line, 1);
    return line;
  };
  const header = Buffer.concat([uint32(width), uint32(height), Buffer.from([8, 6, 0, 0, 0])]);
  const data = deflateSync(Buffer.concat(Array.from({ length: lines }, lineOf)));
  const parts = [chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...parts]));
}

/** Inserts random bytes into a file, as a part that decoders skip, by type. */
const fillers: Record<PictureType, (whole: Buffer, size: number) => Buffer[]> = {
  "image/png": (whole, size) => {
    const filler = chunk("raNd", randomBytes(size - 12));
    return [whole.subarray(0, -12), filler, whole.subarray(-12)];
  },
  "image/jpeg": (whole, size) => {
    const comments: Buffer[] = [];
    for (let left = size; left > 0; ) {
      // The rest is either none, or enough for another part.
      const length = left > 60_000 ? 50_000 : left;
      const head = [0xff, 0xfe, (length - 2) >> 8, (length - 2) & 255];
      comments.push(Buffer.from(head), randomBytes(length - 4));
      left -= length;
    }
    return [whole.subarray(0, 2), ...comments, whole.subarray(2)];
  },
  "image/webp": (whole, size) => {
    const length = uint32(size - 8).reverse();
    const head = Buffer.from(whole.subarray(0, 12));
    head.writeUInt32LE(whole.length + size - 8, 4);
    return [head, whole.subarray(12), Buffer.from("raNd"), length, randomBytes(size - 8)];
  },
  "image/gif": (whole, size) => {
    const blocks: Buffer[] = [];
    for (let left = size - 3; left > 0; ) {
      const length = left > 512 ? 256 : Math.min(left, 256);
      blocks.push(Buffer.from([length - 1]), randomBytes(length - 1));
      left -= length;
    }
    const at = whole.indexOf(0x2c);
    const comment = [Buffer.from([0x21, 0xfe]), ...blocks, Buffer.from([0])];
    return [whole.subarray(0, at), ...comment, whole.subarray(at)];
  },
};

/** The accepted media types of pictures. */
export const pictureTypes = Object.keys(whole) as PictureType[];

/** A unique picture of a media type, with this size in bytes. */
export function picture(mediaType: PictureType, size = 1000): Uint8Array<ArrayBuffer> {
  const small = whole[mediaType];
  return new Uint8Array(Buffer.concat(fillers[mediaType](small, size - small.length)));
}
