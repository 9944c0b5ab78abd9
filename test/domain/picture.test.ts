import {
  changedProfile,
  withFetchedPhoto,
  withUploadedPhoto,
} from "../../domain/people/profile-change.ts";
import type { Profile } from "../../domain/people/user.ts";
import { PictureFile } from "../../domain/picture.ts";
import { sizeInHeader } from "../../domain/picture-size.ts";

const ascii = (text: string) => [...Buffer.from(text, "latin1")];
const big = (n: number, bytes: number) =>
  Array.from({ length: bytes }, (_, at) => (n >>> (8 * (bytes - 1 - at))) & 255);
const little = (n: number, bytes: number) => big(n, bytes).reverse();

/** The beginning of a picture of each kind, as its format says. */
const pictures: Record<string, (width: number, height: number) => number[]> = {
  "image/png": (width, height) => [
    ...[0x89, ...ascii("PNG\r\n\x1a\n"), ...big(13, 4), ...ascii("IHDR")],
    ...[...big(width, 4), ...big(height, 4), 8, 6, 0, 0, 0],
  ],
  "image/gif": (width, height) => [
    ...[...ascii("GIF89a"), ...little(width, 2), ...little(height, 2), 0x80, 0, 0],
    ...[0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0, ...little(width, 2), ...little(height, 2), 0],
  ],
  "image/jpeg": (width, height) => [
    ...[0xff, 0xd8, 0xff, 0xe0, ...big(4, 2), 0xc0, 0xc0],
    ...[0xff, 0xc4, ...big(3, 2), 0],
    ...[0xff, 0xc2, ...big(11, 2), 8, ...big(height, 2), ...big(width, 2), 1, 0, 0, 0],
  ],
  "image/webp": (width, height) => [
    ...[...ascii("RIFF"), ...little(30, 4), ...ascii("WEBPVP8X"), ...little(10, 4), 0, 0, 0, 0],
    ...[...little(width - 1, 3), ...little(height - 1, 3)],
  ],
};

test.each(Object.entries(pictures))("the size of %s is read from its header", (type, make) => {
  for (const [width, height] of [
    [40, 76],
    [1_920, 1_080],
    [16_000, 2],
  ] as const)
    expect(sizeInHeader(Uint8Array.from(make(width, height)), type)).toEqual({ width, height });
  const whole = make(40, 76);
  for (let length = 0; length < whole.length; length++)
    expect(() => sizeInHeader(Uint8Array.from(whole.slice(0, length)), type)).not.toThrow();
});

test("lossy and lossless WebP have their size in the header too", () => {
  const lossy = [...ascii("RIFF    WEBPVP8     "), 0, 0, 0, 0x9d, 1, 0x2a, ...little(640, 2)];
  const bytes = Uint8Array.from([...lossy, ...little(480, 2)]);
  expect(sizeInHeader(bytes, "image/webp")).toEqual({ width: 640, height: 480 });
  // Decoders ignore the two upper bits of each side: they only ask for an enlarged display.
  const enlarged = [...lossy, ...little(640 | 0x4000, 2), ...little(480 | 0xc000, 2)];
  const bare = Uint8Array.from(enlarged.toSpliced(lossy.length - 2, 2));
  expect(sizeInHeader(bare, "image/webp")).toEqual({ width: 640, height: 480 });
  const bits = (639 | (479 << 14)) >>> 0;
  const lossless = Uint8Array.from([...ascii("RIFF    WEBPVP8L    "), 0x2f, ...little(bits, 4)]);
  expect(sizeInHeader(lossless, "image/webp")).toEqual({ width: 640, height: 480 });
});

/** The bytes of a picture with others before its part that has the size. */
const padded = (bytes: number[], before: number[], ...added: number[]) => {
  const at = bytes.findLastIndex((_, at) => before.every((one, n) => bytes[at + n] === one));
  return Uint8Array.from([...bytes.slice(0, at), ...added, ...bytes.slice(at)]);
};

// Chromium 150 shows all of these in 9,000 × 9,000 pixels.
test.each<[string, number[]]>([
  ["fill bytes", [0xff, 0xff]],
  ["bytes that belong to nothing", [1, 2, 3]],
  ["a stuffed byte", [0xff, 0]],
  ["markers without a segment", [0xff, 1, 0xff, 0xd0]],
  ["a segment without a length", [0xff, 0xe5, 0, 0]],
])("the size of a JPEG is found behind %s", (_, added) => {
  const bytes = padded(pictures["image/jpeg"]!(9_000, 9_000), [0xff, 0xc2], ...added);
  expect(sizeInHeader(bytes, "image/jpeg")).toEqual({ width: 9_000, height: 9_000 });
});

test.each<[string, number[]]>([
  ["no extension", []],
  ["a control and a comment", [0x21, 0xf9, 4, 0, 0, 0, 0, 0, 0x21, 0xfe, 2, 0x2c, 1, 1, 9, 0]],
])("a GIF is as large as its first image behind %s", (_, added) => {
  const bytes = padded(pictures["image/gif"]!(9_000, 9_000), [0x2c], ...added);
  bytes.set([1, 0, 1, 0], 6);
  expect(sizeInHeader(bytes, "image/gif")).toEqual({ width: 9_000, height: 9_000 });
});

test("a GIF is as large as browsers make it to show an image far from its corner", () => {
  const bytes = Uint8Array.from(pictures["image/gif"]!(10, 10));
  bytes.set([...little(9_000, 2), ...little(8_000, 2)], bytes.indexOf(0x2c) + 1);
  expect(sizeInHeader(bytes, "image/gif")).toEqual({ width: 9_010, height: 8_010 });
});

test("a GIF of the older version is a picture too", () => {
  const bytes = Uint8Array.from(pictures["image/gif"]!(10, 10));
  bytes.set(ascii("GIF87a"));
  expect(PictureFile.safeParse({ bytes }).data?.mediaType).toBe("image/gif");
});

test("a user who has uploaded a photo can go back to the picture at another host", () => {
  const [now, limits] = [new Date(), { namesPerDay: 5, reserved: [] }];
  const address = "https://cdn.example.com/ann.png";
  const [copy, photo] = ["c", "d"].map((id) => ({
    id,
    url: `https://x.example.com/pictures/${id}`,
  }));
  const first = withFetchedPhoto({ picture: address } as Profile, copy!, now);
  const uploaded = withUploadedPhoto(first, photo!, now);
  const again = changedProfile(uploaded, { profilePhoto: address }, now, limits);
  expect([uploaded.picture, again.picture, again.pictureId]).toEqual([
    photo!.url,
    address,
    undefined,
  ]);
});

test("a picture with more pixels than cameras make is refused before it is decoded", () => {
  const parse = (bytes: number[]) => PictureFile.safeParse({ bytes: Uint8Array.from(bytes) });
  for (const make of Object.values(pictures)) expect(parse(make(1_920, 1_080)).success).toBe(true);
  const bomb = parse(pictures["image/png"]!(100_000, 100_000));
  expect(bomb.error?.issues[0]?.message).toBe(
    "expected at most 50000000 pixels, found 100000 × 100000",
  );
  // A file whose header cannot be read is nobody's picture, and takes nobody's memory.
  expect(parse(ascii("GIF89a")).success).toBe(true);
  for (const make of Object.values(pictures)) {
    const [beginning, rest] = [make(1, 1).slice(0, 12), Array(40).fill(0xff)];
    expect(parse([...beginning, ...rest]).success).toBe(true);
  }
});
