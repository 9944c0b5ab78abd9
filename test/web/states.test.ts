/** The contrast of every control of the pages in each of its states. */
import type { CDPSession, Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { expectSoon, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();

const states = [[], ["hover"], ["hover", "active"], ["focus", "focus-visible"]];
const controls = "button, a[href], summary, select, input, textarea, [tabindex]";

/** All controls of a page, those of the chat's shadow tree too. */
async function controlsOf(session: CDPSession): Promise<number[]> {
  const { root } = await session.send("DOM.getDocument", { depth: -1, pierce: true });
  const found: number[] = [];
  const roots = [root];
  for (let node = roots.pop(); node !== undefined; node = roots.pop()) {
    const isRoot = node.nodeName === "#document" || node.nodeName === "#document-fragment";
    if (isRoot) {
      const asked = { nodeId: node.nodeId, selector: controls };
      found.push(...(await session.send("DOM.querySelectorAll", asked)).nodeIds);
    }
    roots.push(...(node.shadowRoots ?? []), ...(node.children ?? []));
  }
  return found;
}

/**
 * Run in the page: the words and icons of controls that are read poorly on what is painted below
 * them, 4.5 to 1 for words and 3 to 1 for icons and large words, and how many were looked at.
 */
const look = `(() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgbaOf = (colour) => {
    if (!known.has(colour)) known.set(colour, paint(colour));
    return [...known.get(colour)];
  };
  const paint = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = (top, ground) =>
    [0, 1, 2].map((at) => top[at] * top[3] + ground[at] * (1 - top[3])).concat(1);
  const parentOf = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host;
  const luminanceOf = (rgb) => {
    const [red, green, blue] = rgb.slice(0, 3).map((value) =>
      value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const rootsOf = (root) => [root, ...[...root.querySelectorAll("*")]
    .flatMap(({ shadowRoot }) => (shadowRoot ? rootsOf(shadowRoot) : []))];
  const roots = rootsOf(document);
  const all = roots.flatMap((root) => [...root.querySelectorAll(${JSON.stringify(controls)})]);
  // Asked for once, so that what changes with the state begins to; and then it ends at once.
  for (const one of all) getComputedStyle(one).backgroundColor;
  for (const root of roots)
    for (const one of root.getAnimations())
      if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
  let looked = 0;
  const poor = new Set();
  const lookAt = (node, control) => {
    const hasWords = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    const isIcon = node.matches("svg.icon");
    if ((!hasWords && !isIcon) || !node.checkVisibility({ opacityProperty: true })) return;
    if (node.closest(".hidden") || node.getClientRects().length === 0) return;
    const layers = [];
    let opacity = 1;
    for (let at = node; at; at = parentOf(at)) {
      const own = getComputedStyle(at);
      // What stands on a gradient is computed from the tokens.
      if (own.backgroundImage.includes("linear-gradient")) return;
      opacity *= Number(own.opacity);
      layers.push(rgbaOf(own.backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    const ground = layers.reduceRight((below, layer) => over(layer, below), [1, 1, 1, 1]);
    const { color, fontSize } = getComputedStyle(node);
    const ink = rgbaOf(color);
    ink[3] *= opacity;
    const [light, dark] = [over(ink, ground), ground].map(luminanceOf).sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    looked++;
    if (ratio < (isIcon || parseFloat(fontSize) >= 24 ? 3 : 4.5))
      poor.add(ratio.toFixed(2) + " in " + control.className + ": " + node.outerHTML.slice(0, 90));
  };
  for (const control of all)
    for (const node of [control, ...control.querySelectorAll("*")]) lookAt(node, control);
  return { looked, poor: [...poor] };
})()`;

async function findPoor(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const found: string[] = [];
  let looked = 0;
  const note = async (state: string) => {
    const seen = (await page.evaluate(look)) as { looked: number; poor: string[] };
    looked += seen.looked;
    found.push(...seen.poor.map((one) => `${state || "rest"}: ${one}`));
  };
  for (const state of states) {
    const forced = (await controlsOf(session)).map((nodeId) =>
      session
        .send("CSS.forcePseudoState", { nodeId, forcedPseudoClasses: state })
        // A row may have left the page since it was found.
        .catch((error) => expect(String(error)).toContain("Could not find node")),
    );
    await Promise.all(forced);
    await note(state.join("+"));
  }
  await page.evaluate(`(function disable(root) {
    for (const one of root.querySelectorAll("button")) one.disabled = true;
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) disable(one.shadowRoot);
  })(document)`);
  await note("disabled");
  await page.evaluate(`(function disable(root) {
    for (const one of root.querySelectorAll("button")) {
      one.disabled = false;
      one.setAttribute("aria-disabled", "true");
    }
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) disable(one.shadowRoot);
  })(document)`);
  await note("disabled by ARIA");
  await session.detach();
  return { looked, found };
}

const views: Record<string, (page: Page) => Promise<unknown>> = {
  "/": async (page) => {
    const viewer = page.getByRole("region", { name: "Viewer 1", exact: true });
    await expectSoon(async () => (await viewer.locator(".row").count()) > 3);
    await page.getByRole("button", { name: "Stop simulated viewers" }).click();
    await viewer.getByRole("button", { name: "Gift", exact: true }).click();
  },
  "/console": async (page) => {
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
  },
  "/docs": (page) => page.getByRole("button", { name: "Try it" }).first().waitFor(),
  "/docs/guides": (page) => page.getByRole("heading", { level: 1 }).first().waitFor(),
};

describe.each(["dark", "light"] as const)("in the %s scheme", (colorScheme) => {
  browserTest.each(Object.keys(views))(
    "every control of %s is legible at rest, under the pointer, pressed, focused and disabled",
    async (path) => {
      const { page, close } = await pages.open(path, { colorScheme });
      await views[path]!(page);
      const { looked, found } = await findPoor(page);
      expect(found).toEqual([]);
      expect(looked).toBeGreaterThan(50);
      await close();
    },
    testMilliseconds,
  );
});
