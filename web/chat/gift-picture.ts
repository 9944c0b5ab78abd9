import { coin, make } from "./dom.ts";

/** Our own pictures: they have a moving form beside the still one. */
const ours = /\/pictures\/([a-z]+)\.svg$/;

/** The picture of a gift type; a coin in place of one that does not load. */
export function giftPicture(url: string, size: 32 | 40): HTMLImageElement {
  const image = make("img", { class: "picture", src: url, alt: "", width: size, height: size });
  image.addEventListener("error", () => image.replaceWith(coin()), { once: true });
  return image;
}

/**
 * Shows the moving form of one of our own pictures, once. A browser plays a picture for all places
 * in which it is at the same time, so each `time` makes an address of its own.
 */
export function play(image: HTMLImageElement, url: string, time: string): void {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (isStill || !ours.test(url)) return;
  image.src = `${url.replace(ours, "/pictures/$1.moving.svg")}?${time}`;
}
