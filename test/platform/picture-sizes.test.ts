/** Sizes of pictures, as the codec makes them, and files that mean harm. */
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { deflateSync } from "node:zlib";
import { usualBytesMax } from "../../domain/picture.ts";
import { sizeInHeader } from "../../domain/picture-size.ts";
import { orientationOf, orientedAs } from "../../platform/pictures/orientation.ts";
import { resizePicture } from "../../platform/pictures/resize.ts";
import { setDeadline } from "../../platform/runtime/deadline.ts";
import { picture, pictureTypes, png } from "../api/picture-files.ts";
import { watchStandstills } from "../standstills.ts";

/** The largest file of each size: the small ones are not compressed at worst. */
const bytesMax = { 40: 24 * 1024, 76: 24 * 1024, 480: usualBytesMax };

/** What came out: media type, and width and height by size. */
async function made(bytes: Uint8Array) {
  const found = await resizePicture(bytes);
  const sizes = found?.sizes.map(({ side, bytes }) => {
    const { width, height } = sizeInHeader(bytes, found.mediaType)!;
    return [side, width, height];
  });
  return [found?.mediaType, ...(sizes ?? [])];
}

test.each([
  ["wide", 1_200, 600, [480, 240], 76, 40],
  ["high", 300, 900, [160, 480], 76, 40],
  ["small", 50, 30, [50, 30], 30, 30],
  ["a line", 2_000, 1, [480, 1], 1, 1],
  ["a pixel", 1, 1, [1, 1], 1, 1],
] as const)(
  "a picture that is %s is cut to squares and never made larger",
  async (_, width, height, whole, of76, of40) => {
    expect(await made(png(width, height))).toEqual([
      ...["image/jpeg", [40, of40, of40], [76, of76, of76], [480, ...whole]],
    ]);
  },
);

/* Planted fault that turns this red: sizes that are encoded once, however large they come out. */
test("a picture of random points is made smaller until its sizes cost no more than others", async () => {
  const found = await resizePicture(png(480, 480, { isNoise: true }));
  const bytes = found?.sizes.map(({ side, bytes }) => [side, bytes.length <= bytesMax[side]]);
  expect(bytes).toEqual([
    [40, true],
    [76, true],
    [480, true],
  ]);
});

/** The nice values of this process's threads (man 5 proc: field 19 of a thread's `stat`). */
const niceValues = () =>
  readdirSync("/proc/self/task").flatMap((id) => {
    try {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    } catch {
      return []; // This thread has just ended.
    }
  });

/* Planted fault that turns this red: a thread that keeps the priority of its process. */
const linuxTest = process.platform === "linux" ? test : test.skip;
linuxTest(
  "decoding a picture has a lower priority than everything else on the machine",
  async () => {
    const own = getPriority();
    let [lowest, isDone] = [own, false];
    const sizing = resizePicture(png(2_000, 2_000, { isNoise: true })).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      lowest = Math.max(lowest, ...niceValues());
      await new Promise((done) => setTimeout(done, 1));
    }
    await sizing;
    expect(lowest).toBe(Math.min(19, own + 10));
  },
);

/* Planted fault that turns this red: a codec that is not kept. */
test("the codec is compiled once for all pictures", async () => {
  await resizePicture(png(30, 20));
  const codecs = Reflect.get(globalThis, "WebAssembly");
  const { Module } = codecs;
  codecs.Module = () => {
    throw new Error("compiled again");
  };
  try {
    expect((await resizePicture(png(60, 20)))?.sizes).toHaveLength(3);
  } finally {
    codecs.Module = Module;
  }
});

test.each([
  ["wide", 1_200, 600],
  ["high", 600, 1_200],
])("the squares of a %s picture show its middle", async (_, width, height) => {
  const bytesOf = async (file: Uint8Array) =>
    (await resizePicture(file))?.sizes.map((one) => one.bytes);
  const plain = await bytesOf(png(width, height));
  const edged = await bytesOf(png(width, height, { edges: [0, 0, 255, 255] }));
  expect(edged?.slice(0, 2)).toEqual(plain?.slice(0, 2));
  expect(edged?.[2]).not.toEqual(plain?.[2]);
});

test("transparency is kept, as PNG", async () => {
  const [none, edges] = [{ alpha: 0 }, [0, 0, 0, 0] as [number, number, number, number]];
  expect((await made(png(50, 50, none)))[0]).toBe("image/png");
  expect((await made(png(600, 300, { edges })))[0]).toBe("image/png");
  expect(await made(png(100, 100, { alpha: 127 }))).toEqual([
    ...["image/png", [40, 40, 40], [76, 76, 76], [480, 100, 100]],
  ]);
});

test("the sizes keep the camera's orientation", async () => {
  const upright = picture("image/jpeg");
  for (const orientation of [3, 6, 8]) {
    const exif = orientedAs(withOrientation(orientation), upright);
    expect(orientationOf(exif)).toBe(orientation);
    const found = await resizePicture(exif);
    expect(found?.sizes.map(({ bytes }) => orientationOf(bytes))).toEqual(
      Array(3).fill(orientation),
    );
  }
  expect(orientationOf(upright)).toBe(1);
  // Cameras write their maker and other facts before it.
  const maker = [0x0f, 1, 2, 0, 4, 0, 0, 0, ...Buffer.from("Abc\0")];
  expect(orientationOf(withOrientation(8, ...maker, ...maker))).toBe(8);
  // XMP has the same marker, and may come first.
  const xmp = [0xff, 0xe1, 0, 16, ...Buffer.from("http://ns.adob")];
  const [start, rest] = [[0xff, 0xd8], withOrientation(6).subarray(2)];
  expect(orientationOf(Uint8Array.from([...start, ...xmp, ...rest]))).toBe(6);
});

/** A JPEG that has nothing but an orientation, in the other order of bytes. */
function withOrientation(orientation: number, ...before: number[]): Uint8Array {
  const tiff = [
    0x49,
    0x49,
    42,
    0,
    8,
    0,
    0,
    0,
    1 + before.length / 12,
    0,
    ...before,
    0x12,
    1,
    3,
    0,
    1,
    0,
    0,
    0,
    orientation,
    0,
    0,
    0,
  ];
  const content = [...Buffer.from("Exif\0\0"), ...tiff];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, content.length + 2, ...content]);
}

test("Exif with offsets outside of itself, or cut short, rotates nothing", () => {
  const whole = withOrientation(6);
  for (let length = 0; length < whole.length - 4; length++)
    expect(orientationOf(whole.subarray(0, length))).toBe(1);
  for (let at = 12; at < whole.length; at++) {
    const broken = whole.slice();
    broken[at] = 0xff;
    expect([1, 6]).toContain(orientationOf(broken));
  }
});

/*
 * Planted fault that turns this red: a thread that is never ended and keeps its memory.
 */
test("a file that is no picture has no sizes, and its memory is released", async () => {
  const before = process.memoryUsage().rss;
  // 49 megapixels, of which the first lines are there.
  const bomb = png(7_000, 7_000, { lines: 100 });
  expect(await resizePicture(bomb)).toBeUndefined();
  for (const type of pictureTypes) {
    const good = picture(type);
    for (const bytes of [good.slice(0, 60), good.map((byte, at) => (at > 12 ? byte ^ 0x5a : byte))])
      expect([type, await resizePicture(bytes)]).toEqual([type, undefined]);
  }
  expect(await resizePicture(new Uint8Array(deflateSync(Buffer.alloc(100_000))))).toBeUndefined();
  // The threads end after their answers.
  const held = () => process.memoryUsage().rss - before;
  const end = performance.now() + 20_000;
  while (held() >= 150_000_000 && performance.now() < end)
    await new Promise((done) => setTimeout(done, 50));
  expect(held()).toBeLessThan(150_000_000);
});

test("a file that takes long to decode leaves time to store it unchanged", async () => {
  // Its header claims 116 megapixels.
  const slow = Buffer.from("GIF89a/*\0*/=1;alert(1)//<script>alert(1)</script>", "latin1");
  await resizePicture(png(1, 1));
  const runningOf = watchStandstills();
  const began = Date.now();
  setDeadline(5_100);
  try {
    expect(await resizePicture(new Uint8Array(slow))).toBeUndefined();
    // It takes at least two seconds to decode.
    expect(5_100 - runningOf(Date.now() - began)).toBeGreaterThan(3_200);
  } finally {
    setDeadline(Number.POSITIVE_INFINITY);
  }
});

linuxTest("a call without time left starts no thread", async () => {
  const threads = () => readdirSync("/proc/self/task").length;
  await resizePicture(png(1, 1));
  const before = threads();
  setDeadline(-1);
  try {
    await expect(resizePicture(png(1, 1))).rejects.toMatchObject({ code: "unavailable" });
    expect(threads()).toBeLessThanOrEqual(before);
  } finally {
    setDeadline(Number.POSITIVE_INFINITY);
  }
});

test("a picture for which no time is left is refused as such, not as unreadable", async () => {
  try {
    for (const left of [1_000, 4_900]) {
      setDeadline(left);
      await expect(resizePicture(png(30, 20))).rejects.toMatchObject({ code: "unavailable" });
    }
  } finally {
    setDeadline(Number.POSITIVE_INFINITY);
  }
});
