import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { originOf } from "../../lib/stages/domain.ts";
import { basePolicy } from "../../lib/stages/page-headers.ts";
import { type Stage, stageNamed, stageNames } from "../../lib/stages/stages.ts";
import { compile, compileStyles } from "./web-bundles.ts";

const root = join(import.meta.dirname, "../..");

/** Sources of the reference page, as file patterns. */
export const docsSources = [
  "web/docs/*",
  "web/*.{css,ts,tsx}",
  "bin/build/{build-docs,web-bundles}.ts",
  "bin/documents/schema-types.ts",
  "lib/stages/{stages,domain,page-headers}.ts",
];

/** A page in a single file, and the content security policy of its parts. */
export type InlinePage = { html: string; policy: string };

/**
 * URLs of other stages' references, for stages with a domain: `prod https://live.acme.com/docs`.
 */
export const referencesOf = (stages: readonly Pick<Stage, "name" | "domain">[]): string =>
  stages
    .flatMap(({ name, domain }) => (domain ? [`${name} ${originOf(domain)}/docs`] : []))
    .join(" ");

/** The API reference: its script reads the descriptions in the same folder. */
export async function buildDocs(): Promise<InlinePage> {
  const [script] = await compile({ entryPoints: ["web/docs/index.tsx"] });
  return await inlinePage("docs", {
    script: Buffer.from(script.contents).toString(),
    fill: (html) => html.replace("{stages}", referencesOf(stageNames.map(stageNamed))),
  });
}

type Parts = { script?: string; more?: string; fill?: (html: string) => string };

/**
 * `web/docs/<name>.html` as a single file, because a deployed stage can serve files only from its
 * functions. Script and styles (the page's own and `more`) are inlined, and the policy lists the
 * hash of each (https://www.w3.org/TR/CSP3/#external-hash), so nothing else runs; the font is a
 * data URL, because a function returns text. Rejects if a source does not compile.
 */
export async function inlinePage(
  name: string,
  { script, more = "", fill = (html) => html }: Parts,
): Promise<InlinePage> {
  const entryPoints = [`web/docs/${name}.css`];
  const [style] = await compileStyles({ entryPoints, loader: { ".woff2": "dataurl" } });
  // The font is inline and so there at the first paint: `optional` prevents text that moves later.
  const inlined = Buffer.from(style!.contents).toString();
  const styleText = inlined.replaceAll("font-display:swap", "font-display:optional") + more;
  const html = fill(readFileSync(join(root, `web/docs/${name}.html`), "utf8"))
    .replace("<style></style>", () => `<style>${styleText}</style>`)
    .replace(/(<script[^>]*>)(?=<\/script>)/, (tag) => tag + script);
  const policy = [
    "default-src 'none'",
    `script-src ${script === undefined ? "'none'" : hashOf(script)}`,
    `style-src ${hashOf(styleText)}`,
    "font-src data:",
    "img-src data:",
    "connect-src 'self'",
    ...basePolicy,
  ].join("; ");
  return { html, policy };
}

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
