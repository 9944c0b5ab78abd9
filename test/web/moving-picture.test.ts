/** The README's pictures. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { encodeAnimation } from "../../bin/pictures/animated-webp.ts";
import { listLabels } from "../../bin/pictures/labels.ts";
import { demoIds } from "../../bin/start/demo.ts";
import { browserTest, openBrowser } from "./browser.ts";
import { openConsole } from "./console.ts";
import { servePages } from "./page-server.ts";
import { expectSoon, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages({ own: true });

const size = { width: 61, height: 40 };

/** Decodes a picture in the page: how many frames, how large, how long the first is shown. */
const decode = `async (data) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const decoder = new ImageDecoder({ type: "image/webp", data: bytes });
  await decoder.tracks.ready;
  const { frameCount, animated, repetitionCount } = decoder.tracks.selectedTrack;
  const colours = [];
  let duration;
  for (let frameIndex = 0; frameIndex < frameCount; frameIndex++) {
    const { image } = await decoder.decode({ frameIndex });
    duration ??= image.duration;
    const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    colours.push([...context.getImageData(5, 5, 1, 1).data].map((one) => Math.round(one / 255)).join(""));
  }
  return { frameCount, animated, endless: repetitionCount === Infinity, colours, duration };
}`;

/** Draws a still of one colour: a browser may have no screenshot to give yet. */
const draw = `async (colour) => {
  const canvas = new OffscreenCanvas(${size.width}, ${size.height});
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = colour;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const still = await canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
  return btoa(String.fromCharCode(...new Uint8Array(await still.arrayBuffer())));
}`;

browserTest(
  "stills become a moving picture in their order, and the README's picture is one",
  async () => {
    const browser = (await openBrowser())!;
    const server = await servePages("<title>a secure context</title>");
    try {
      const page = await browser.newPage({ viewport: size });
      await page.goto(server.url);
      const stills = [];
      for (const colour of ["#f00", "#0f0", "#00f"]) {
        const data = (await page.evaluate(`(${draw})("${colour}")`)) as string;
        stills.push({ webp: Buffer.from(data, "base64"), milliseconds: 250 });
      }
      const read = (picture: Buffer) =>
        page.evaluate(`(${decode})(${JSON.stringify(picture.toString("base64"))})`);
      expect(await read(encodeAnimation(stills, size.width, size.height))).toEqual({
        frameCount: 3,
        animated: true,
        endless: true,
        duration: 250_000,
        colours: ["1001", "0101", "0011"],
      });
      const picture = readFileSync(join(import.meta.dirname, "../../docs/pictures/evening.webp"));
      expect(picture.length).toBeLessThan(1_000_000);
      const { frameCount } = (await read(picture)) as { frameCount: number };
      expect(frameCount).toBeGreaterThanOrEqual(20);
    } finally {
      await browser.close();
      await server.close();
    }
  },
);

/** A page that lacks a label fails at the wait, one with another label at the comparison. */
async function expectLabels(page: Page, labels: readonly string[]) {
  await expectSoon(async () => (await listLabels(page)).length >= labels.length);
  expect(await listLabels(page)).toEqual(labels);
}

browserTest(
  "the README's pictures show the labels that Studio and the console have now",
  async () => {
    const path = join(import.meta.dirname, "../../docs/pictures/labels.json");
    const pictured = JSON.parse(readFileSync(path, "utf8")) as Record<
      "studio" | "console",
      string[]
    >;
    expect(pictured.studio).toEqual(expect.arrayContaining(["Logs", "Kill the server"]));
    expect(pictured.console).toEqual(expect.arrayContaining(["Webhooks", "End stream…"]));
    const look = { width: 1200, height: 750 };
    const studio = await pages.open("/", look);
    await studio.page.getByText("Slow mode").waitFor();
    await expectLabels(studio.page, pictured.studio);
    await studio.close();
    const console = await openConsole(pages, "Ada Admin (admin)", look);
    await console.visit(`view=streams&id=${demoIds.streamId}`);
    await console.page.getByText("Slow mode").waitFor();
    await expectLabels(console.page, pictured.console);
    await console.close();
  },
  testMilliseconds,
);
