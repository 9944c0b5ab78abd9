import { coin, make } from "./dom.ts";

/** Our own pictures also have an animated version. */
const ours = /\/pictures\/([a-z]+)\.svg$/;

/** The picture of a gift type; a coin if it does not load. */
export function giftPicture(url: string, size: 32 | 40): HTMLImageElement {
  const image = make("img", { class: "picture", src: url, alt: "", width: size, height: size });
  image.addEventListener("error", () => image.replaceWith(coin()), { once: true });
  return image;
}

/**
 * Shows a picture and plays an animated one once. Browsers synchronize all uses of one URL, so each
 * `time` makes a URL of its own. The still picture is shown until that one has loaded.
 */
export function play(image: HTMLImageElement, url: string, time: string): void {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const begin = () => {
    image.src = `${url.replace(ours, "/pictures/$1.moving.svg")}?${time}`;
  };
  if (!isStill && ours.test(url)) {
    // Browsers keep a loaded picture until the next one has loaded, but not one that is loading.
    if (image.naturalWidth > 0) begin();
    else image.addEventListener("load", begin, { once: true });
  } else if (image.getAttribute("src") !== url) image.src = url;
}
