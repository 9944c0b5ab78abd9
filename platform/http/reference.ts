import { isRunner } from "./address.ts";
import { type BuiltPage, type Document, pageOf } from "./document.ts";

type Operation = { "x-ovation-stage"?: string };

/** The parts of an OpenAPI document that are used here. */
type OpenApi = { paths: Record<string, Record<string, Operation>> };

/** What a stage allows, by the names in contracts' `stage`. */
type Allowed = Record<string, boolean>;

/** The document without operations that this stage lacks. */
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

/**
 * `servers` of OpenAPI if the address is known; otherwise readers use the document's own address.
 */
export const serversAt = (url: string | undefined) =>
  url === undefined ? {} : { servers: [{ url }] };

/** The document with `servers` for paths that other hosts serve, by the paths' start. */
export function withOtherServers(document: OpenApi, hosts: ReadonlyMap<string, string>): OpenApi {
  const urlOf = (path: string) => [...hosts].find(([start]) => path.startsWith(`${start}/`))?.[1];
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path,
    { ...item, ...serversAt(urlOf(path)) },
  ]);
  return { ...document, paths: Object.fromEntries(paths) };
}

/** `servers` of AsyncAPI, at the same host. */
export function socketServersAt(url: string | undefined) {
  if (url === undefined) return {};
  const { host, protocol } = new URL(url);
  return {
    servers: { stage: { host, protocol: protocol.replace("http", "ws").replace(":", "") } },
  };
}

/** Replaced by `bin/build/build.ts` with the page of `web/docs`. */
declare const DOCS_PAGE: BuiltPage;
/** Replaced by `bin/build/build.ts` with the page of the guides. */
declare const GUIDES_PAGE: BuiltPage;

/**
 * The reference as a page that loads only the API's descriptions. It shows which stage it belongs
 * to, to warn if calls change real data.
 */
export const referencePage = (stage: string): Document =>
  pageOf(DOCS_PAGE, (html) => html.replace("{stage}", stage));

/** The default host and port of `npm start`, which the guides' commands and links have. */
const defaultHost = "127.0.0.1:4000";

/**
 * The guides of `docs/` as a page that loads nothing. From `npm start`, its commands and links have
 * the host and port at which it was called. A script would replace them after the first paint, and
 * text would move.
 */
export function guidesPage(address: string | undefined): Document {
  if (!isRunner() || address === undefined) return pageOf(GUIDES_PAGE);
  const { host } = new URL(address);
  return pageOf(GUIDES_PAGE, (html) => html.replaceAll(defaultHost, host));
}
