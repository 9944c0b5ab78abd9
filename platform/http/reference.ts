import { createHash } from "node:crypto";
import type { Document } from "./document.ts";

type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: object[];
  responses?: object;
  "x-ovation-stage"?: string;
};

/** As much of an OpenAPI document as the reference page shows. */
type OpenApi = {
  info: { title: string; description: string };
  paths: Record<string, Record<string, Operation>>;
};

/** What a stage allows, by the names that contracts use in `stage`. */
type Allowed = Record<string, boolean>;

/** The document without the operations that this stage does not have. */
export function ofStage(openApi: unknown, allowed: Allowed): OpenApi {
  const document = openApi as OpenApi;
  const paths: OpenApi["paths"] = {};
  for (const [path, item] of Object.entries(document.paths)) {
    const kept = Object.entries(item).filter(([, operation]) => {
      const stage = operation["x-ovation-stage"];
      return stage === undefined || allowed[stage];
    });
    if (kept.length > 0) paths[path] = Object.fromEntries(kept);
  }
  return { ...document, paths };
}

const style = `
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1f}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem}summary{cursor:pointer;padding:.35rem 0}code{font:14px ui-monospace,monospace}
.method{display:inline-block;width:4.5rem;font-weight:600}.says{color:#555}
details{border-top:1px solid #ddd}ul{margin:.25rem 0 1rem}
@media(prefers-color-scheme:dark){body{background:#16161a;color:#eee}.says{color:#aaa}a{color:#8ab4ff}}`;

/**
 * The operations of a document as one HTML page, by tag. It has no script and loads nothing: its
 * policy (https://www.w3.org/TR/CSP3/) allows this very style sheet and nothing else.
 */
export function referencePage(openApi: OpenApi): Document {
  const byTag = new Map<string, string[]>();
  for (const [path, item] of Object.entries(openApi.paths))
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? "Other";
      byTag.set(tag, [...(byTag.get(tag) ?? []), entry(method, path, operation)]);
    }
  const sections = [...byTag].sort(([a], [b]) => (a < b ? -1 : 1));
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(openApi.info.title)}: reference</title><style>${style}</style></head><body>
<h1>${escapeHtml(openApi.info.title)}</h1>
<p>Chat, paid gifts, superlikes and notifications for live video. For machines:
<a href="openapi.json">openapi.json</a> (HTTP) and
<a href="asyncapi.json">asyncapi.json</a> (WebSocket).</p>
${sections.map(([tag, rows]) => `<h2>${escapeHtml(tag)}</h2>\n${rows.join("\n")}`).join("\n")}
</body></html>
`;
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { body, headers: { "content-security-policy": policy, "referrer-policy": "no-referrer" } };
}

function entry(method: string, path: string, operation: Operation): string {
  const { security = [], responses = {}, summary = "", description } = operation;
  const caller =
    security.length === 0 ? "anyone" : security.length === 2 ? "anyone or a user" : "a user";
  const statuses = Object.keys(responses).join(", ");
  const notes = [`Caller: ${caller}.`, description, `Answers: ${statuses}.`];
  return `<details><summary><code><span class="method">${method.toUpperCase()}</span>${escapeHtml(path)}</code>
 <span class="says">${escapeHtml(summary)}</span></summary>
<ul>${notes.map((note) => (note ? `<li>${escapeHtml(note)}</li>` : "")).join("")}</ul></details>`;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (sign) => entities[sign]!);
