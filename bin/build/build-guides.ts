import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Marked, Tokens } from "marked";
import { buildDocs, inlinePage } from "./build-docs.ts";
import { compile } from "./web-bundles.ts";

const root = join(import.meta.dirname, "../..");

/** The menu of the guides, by task; each guide is a Markdown file. */
export const menu: Record<string, readonly string[]> = {
  "Get started": ["docs/quick-start.md", "docs/first-app.md", "client/README.md", "docs/cli.md"],
  Build: [
    "docs/realtime.md",
    "docs/embed.md",
    "docs/overlay.md",
    "docs/webhooks.md",
    "docs/streams.md",
    "docs/moderation.md",
    "docs/likes-polls-goals.md",
    "docs/gifts.md",
    "docs/money-in.md",
    "docs/identity.md",
    "docs/errors.md",
    "docs/api-changes.md",
    "docs/frames.md",
    "docs/moving-from-allmine.md",
    "docs/moving-from-tencent.md",
  ],
  Operate: [
    "docs/production.md",
    "docs/deploying.md",
    "docs/testing-a-stage.md",
    "docs/restore.md",
    "docs/own-data.md",
    "docs/runbook.md",
    "docs/scale.md",
    "docs/abuse.md",
  ],
  Contribute: ["docs/architecture.md", "CONTRIBUTING.md", "docs/words.md"],
};

/** The sources of the guides page, in addition to those of the reference. */
export const guideSources = [
  ...Object.values(menu).flat(),
  "docs/{openapi,asyncapi}.json",
  "bin/build/build-guides.ts",
];

/** `docs/first-app.md` → `first-app`: its anchor. A README is named after its folder. */
const nameOf = (file: string) =>
  (file.endsWith("/README.md") ? file.split("/").at(-2)! : basename(file, ".md")).toLowerCase();

const names = new Map(
  Object.values(menu)
    .flat()
    .map((file) => [file, nameOf(file)]),
);

/** The functions that contain pages of `web/docs`, which are built with them. */
const pageEntries = [
  "app/docs",
  "app/docs-events",
  "app/docs-guides",
  "app/openapi",
  "app/asyncapi",
  "app/not-found",
];

/** The pages that bundles of these functions contain as text; none if none of them does. */
export async function definePages(entries: readonly string[]): Promise<Record<string, string>> {
  if (!entries.some((name) => pageEntries.includes(name))) return {};
  const [docs, guides, missing] = await Promise.all([
    buildDocs(),
    buildGuides(),
    inlinePage("missing", {}),
  ]);
  return {
    DOCS_PAGE: JSON.stringify(docs),
    GUIDES_PAGE: JSON.stringify(guides),
    MISSING_PAGE: JSON.stringify(missing),
  };
}

/**
 * The guides as one page that works without a script: the menu links to anchors, and the style
 * sheet shows the guide named in the URL, by default the first. The script adds search and copy
 * buttons. Throws if a link is broken.
 */
async function buildGuides(): Promise<{ html: string; policy: string }> {
  // Loaded on demand: most starts find the page already built.
  const { Marked } = await import("marked");
  const groups = Object.entries(menu).map(([group, files]) => ({
    group,
    guides: files.map((file) => renderGuide(file, Marked)),
  }));
  const guides = groups.flatMap((one) => one.guides);
  const articles = guides.map(({ name, body }) => `<article id="${name}">${body}</article>`);
  const entries = groups.map(
    (one) => `<h2>${one.group}</h2><ul>${one.guides.map(linkTo).join("")}</ul>`,
  );
  const content = articles.join("\n");
  checkAnchors(content);
  const here = guides.map(({ name }) => markOf(name)).join(",");
  // The logo is a component, which this page has no library to render.
  const [mark = ""] = /<svg[\s\S]*<\/svg>/.exec(readFileSync(join(root, "web/logo.tsx"), "utf8"))!;
  const [script] = await compile({ entryPoints: ["web/docs/guides.ts"] });
  return await inlinePage("guides", {
    script: Buffer.from(script.contents).toString(),
    more: `${here}{background:var(--raised);color:var(--text)}`,
    fill: (html) =>
      html
        .replace("{mark}", mark)
        .replace("{menu}", () => entries.join(""))
        .replace("{guides}", () => content),
  });
}

const linkTo = ({ name, title }: { name: string; title: string }) =>
  `<li><a href="#${name}">${title}</a></li>`;

/** The menu entry of the guide named in the URL, or of the guide of a named section. */
const markOf = (name: string) =>
  `:root:has(#${name}:target,#${name} :target) .contents a[href="#${name}"]`;

type Renderer = typeof Marked;

function renderGuide(file: string, renderer: Renderer) {
  const name = nameOf(file);
  const markdown = readFileSync(join(root, file), "utf8");
  const body = rendererOf(file, name, renderer).parse(markdown, { async: false });
  const title = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(body)?.[1]?.replace(/<[^>]*>/g, "") ?? name;
  return { name, title, body };
}

/**
 * Renders Markdown for the page: anchors are prefixed with the guide, and HTML in a guide is
 * dropped.
 */
function rendererOf(file: string, name: string, Renderer: Renderer): Marked {
  return new Renderer({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) {
        const inside = this.parser.parseInline(tokens);
        return depth === 1
          ? `<h1>${inside}</h1>\n`
          : `<h${depth} id="${name}-${slugOf(text)}">${inside}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const inside = this.parser.parseInline(tokens);
        const target = targetOf(href, file, name);
        return target === undefined ? inside : `<a href="${target}">${inside}</a>`;
      },
      html({ text }: Tokens.HTML | Tokens.Tag) {
        const [, anchor] = /^<a id="([\w-]+)">$/.exec(text.trim()) ?? [];
        if (anchor !== undefined) return `<a id="${name}-${anchor}">`;
        return text.trim() === "</a>" ? text : escapeText(text);
      },
      image: ({ text }: Tokens.Image) => escapeText(text),
    },
  });
}

/**
 * The target of a guide's link on the page; undefined for files that exist only in the checkout.
 */
function targetOf(href: string, file: string, name: string): string | undefined {
  if (/^https?:/.test(href)) return escapeText(href);
  const [path = "", anchor] = href.split("#");
  if (path === "") return `#${name}-${anchor}`;
  const found = join(file, "..", path);
  if (["docs/openapi.json", "docs/asyncapi.json"].includes(found)) return `../${basename(found)}`;
  const guide = names.get(found);
  if (guide === undefined) return undefined;
  return anchor === undefined ? `#${guide}` : `#${guide}-${anchor}`;
}

/** The anchor of a heading, as Markdown hosts generate it. */
const slugOf = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const escapeText = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function checkAnchors(content: string): void {
  const ids = new Set([...content.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...content.matchAll(/ href="#([^"]+)"/g)].map(([, anchor]) => anchor);
  const lost = links.filter((anchor) => !ids.has(anchor));
  if (lost.length > 0) throw new Error(`Guides have broken links: ${lost.join(", ")}`);
}
