import { coin, make } from "./dom.ts";

/** Our own pictures also have an animated version. */
const ours = /\/pictures\/([a-z]+)\.svg$/;

/** The picture of a gift type; a coin if it does not load. */
export function giftPicture(url: string, size: 32 | 40): HTMLImageElement {
  const image = make("img", { class: "picture", src: url, alt: "", width: size, height: size });
  image.addEventListener("error", () => image.replaceWith(coin()), { once: true });
  return image;
}

/** The animated version that each picture shows next, once it has loaded. */
const loading = new WeakMap<HTMLImageElement, HTMLImageElement>();

/**
 * Shows a picture and plays an animated one once. Browsers synchronize all uses of one URL, so
 * `time` makes the URL unique. The picture loads in a separate element, and the current one stays
 * until then: an element that is moved in the page, such as a combo's row, shows nothing while it
 * loads.
 */
export function play(image: HTMLImageElement, url: string, time: string): void {
  loading.delete(image);
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (isStill || !ours.test(url)) {
    if (image.getAttribute("src") !== url) image.src = url;
    return;
  }
  const next = make("img", { src: `${url.replace(ours, "/pictures/$1.moving.svg")}?${time}` });
  loading.set(image, next);
  next.addEventListener("load", () => {
    if (loading.get(image) === next) image.src = next.src;
  });
}
