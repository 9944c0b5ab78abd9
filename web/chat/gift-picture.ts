import { coin, make } from "./dom.ts";

/** Our own pictures have an animated version as well as a still one. */
const ours = /\/pictures\/([a-z]+)\.svg$/;

/** The picture of a gift type; a coin in place of one that does not load. */
export function giftPicture(url: string, size: 32 | 40): HTMLImageElement {
  const image = make("img", { class: "picture", src: url, alt: "", width: size, height: size });
  image.addEventListener("error", () => image.replaceWith(coin()), { once: true });
  return image;
}

/**
 * Shows a picture, and one of our own in its moving form, once. A browser plays a picture for all
 * places in which it is at the same time, so each `time` makes an address of its own.
 */
export function play(image: HTMLImageElement, url: string, time: string): void {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!isStill && ours.test(url))
    image.src = `${url.replace(ours, "/pictures/$1.moving.svg")}?${time}`;
  else if (image.getAttribute("src") !== url) image.src = url;
}
