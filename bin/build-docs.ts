import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, compileStyles } from "./web-bundles.ts";

const root = join(import.meta.dirname, "..");

/** What the reference's page is made from: patterns of files. */
export const docsSources = [
  "web/docs/*",
  "web/*.{css,ts,tsx}",
  "bin/{build-docs,web-bundles,schema-types}.ts",
];

/**
 * The reference as one file that needs no other: a deployed stage has nothing beside its functions
 * to serve files from. Script and styles are in it, and the policy names each by its hash
 * (https://www.w3.org/TR/CSP3/#external-hash), so nothing else runs; the font is data, since a
 * function answers text. Rejects when a source does not compile.
 */
export async function buildDocs(): Promise<{ html: string; policy: string }> {
  const [[script], [style]] = await Promise.all([
    compile({ entryPoints: ["web/docs/index.tsx"] }),
    compileStyles({ entryPoints: ["web/docs/docs.css"], loader: { ".woff2": "dataurl" } }),
  ]);
  const scriptText = Buffer.from(script.contents).toString();
  const styleText = Buffer.from(style!.contents).toString();
  const html = readFileSync(join(root, "web/docs/docs.html"), "utf8")
    .replace("<style></style>", () => `<style>${styleText}</style>`)
    .replace(/(<script[^>]*>)(?=<\/script>)/, (tag) => tag + scriptText);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(scriptText)}`,
    `style-src ${hashOf(styleText)}`,
    "font-src data:",
    "img-src data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
