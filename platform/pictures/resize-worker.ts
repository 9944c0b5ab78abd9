import { existsSync, readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { crop, initPhoton, PhotonImage, resize, SamplingFilter } from "@cf-wasm/photon/others";
import { type PictureSide, pictureSizes, usualBytesMax } from "../../domain/picture.ts";
import { orientedAs } from "./orientation.ts";

/** The sizes of one picture, all of one media type. */
export type Sizes = { mediaType: string; sizes: { side: PictureSide; bytes: Uint8Array }[] };

/** What the thread starts with: a picture, and the codec that the environment compiled once. */
export type ResizeJob = { bytes: Uint8Array; codec: WebAssembly.Module };

/** The JPEG quality for pictures without transparency: more is not visible at these sizes. */
const quality = 80;

/** The picture, scaled down so that the shorter side has this many pixels; never enlarged. */
function covering(image: PhotonImage, side: number, filter: SamplingFilter): PhotonImage {
  const [width, height] = [image.get_width(), image.get_height()];
  const scale = Math.min(1, side / Math.min(width, height));
  return resize(image, rounded(width * scale), rounded(height * scale), filter);
}

/** The picture, scaled down so that the longer side has this many pixels; never enlarged. */
function within(image: PhotonImage, side: number): PhotonImage {
  const [width, height] = [image.get_width(), image.get_height()];
  const scale = Math.min(1, side / Math.max(width, height));
  const sizes = [rounded(width * scale), rounded(height * scale)] as const;
  return resize(image, ...sizes, SamplingFilter.Lanczos3);
}

/** The square in the middle, at most this many pixels wide. */
function square(image: PhotonImage, side: number): PhotonImage {
  const whole = covering(image, side, SamplingFilter.Lanczos3);
  const [width, height] = [whole.get_width(), whole.get_height()];
  const edge = Math.min(width, height);
  const [left, top] = [rounded((width - edge) / 2, 0), rounded((height - edge) / 2, 0)];
  return crop(whole, left, top, left + edge, top + edge);
}

const rounded = (pixels: number, least = 1) => Math.max(least, Math.round(pixels));

const isOpaque = (image: PhotonImage) =>
  image.get_raw_pixels().every((value, at) => at % 4 !== 3 || value === 255);

/** Throws, as the codec does, if the bytes are not a picture. */
function allSizesOf(bytes: Uint8Array): Sizes {
  const whole = PhotonImage.new_from_byteslice(bytes);
  // All sizes are made from this one, so that the full picture is scanned once.
  const middle = covering(whole, 960, SamplingFilter.Triangle);
  whole.free();
  const images = pictureSizes.map((side) => ({
    side,
    image: side === 480 ? within(middle, side) : square(middle, side),
  }));
  const isJpeg = images.every(({ image }) => isOpaque(image));
  const encode = (image: PhotonImage) =>
    isJpeg ? orientedAs(bytes, image.get_bytes_jpeg(quality)) : image.get_bytes();
  /** Encodes with half the sides, a quarter of the bytes, while a noisy picture is too large. */
  const encodeUsual = (image: PhotonImage): Uint8Array => {
    const encoded = encode(image);
    if (encoded.length <= usualBytesMax) return encoded;
    return encodeUsual(within(image, Math.max(image.get_width(), image.get_height()) / 2));
  };
  return {
    mediaType: isJpeg ? "image/jpeg" : "image/png",
    sizes: images.map(({ side, image }) => ({ side, bytes: encodeUsual(image) })),
  };
}

/**
 * Lowers this thread's priority, since decoding would delay all other work of a single machine.
 * Only Linux gives a thread its own priority; on Lambda nothing else runs in the environment.
 */
function lowerPriority(): void {
  const self = "/proc/thread-self";
  if (!existsSync(self)) return;
  const threadId = Number(readlinkSync(self).split("/").at(-1));
  const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
  setPriority(threadId, Math.min(PRIORITY_LOW, getPriority() + PRIORITY_BELOW_NORMAL));
}

// The test of releases also loads this file in its main thread, with all others.
if (parentPort !== null) {
  lowerPriority();
  const { bytes, codec } = workerData as ResizeJob;
  initPhoton.sync({ module: codec });
  parentPort.postMessage(allSizesOf(bytes));
}
