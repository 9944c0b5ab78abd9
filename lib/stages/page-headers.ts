const oneYearSeconds = 31_536_000;
const always = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
const types: Record<string, string> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

/** The page to which `/` leads, except with Studio. */
export const homePath = "/console";

/** What no page of ours may do: the end of every policy. */
export const basePolicy = [
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
] as const;

/**
 * The policy of every page, which no page may loosen. Only pictures come from elsewhere, since
 * users and gift types have picture URLs; 'self' includes sockets of the same host
 * (https://www.w3.org/TR/CSP3/#match-schemes).
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' https:",
  "connect-src 'self'",
  ...basePolicy,
].join("; ");

/** A page is revalidated each time: its name stays, while the names of its assets change. */
export const pageHeaders = {
  ...always,
  "content-type": "text/html; charset=utf-8",
  "cache-control": "public, no-cache",
  "content-security-policy": pagePolicy,
  "cross-origin-opener-policy": "same-origin",
};

/** An asset of a page: its name changes with its content. */
export const assetHeaders = (path: string) => ({
  ...always,
  "content-type": types[path.slice(path.lastIndexOf(".") + 1)]!,
  "cache-control": `public, max-age=${oneYearSeconds}, immutable`,
  "cross-origin-resource-policy": "same-origin",
});

/** The chat element: pages of any site may load it, and it loads nothing of theirs. */
export const embedHeaders = {
  ...always,
  "content-type": types.js!,
  "cache-control": "public, no-cache",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

/** A picture that is opened as a page must not run anything either. */
export const pictureHeaders = {
  ...always,
  "content-type": types.svg!,
  "cache-control": "public, max-age=86400",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

/** Headers stored with an object in a bucket; all others depend on its path. */
export const objectHeaders: readonly string[] = ["content-type", "cache-control"];

/**
 * The paths of the pages' files on a deployed host, with the headers of each kind; those of
 * `objectHeaders` may differ between files.
 */
export const pagePaths: Record<string, { paths: readonly string[]; headers: PageHeaders }> = {
  page: { paths: ["/overlay", homePath], headers: pageHeaders },
  asset: { paths: ["/assets/*"], headers: assetHeaders("any.js") },
  embed: { paths: ["/embed/*"], headers: embedHeaders },
  // An uploaded file has an id in its path, without an extension.
  picture: { paths: ["/pictures/*.svg"], headers: pictureHeaders },
};

type PageHeaders = Readonly<Record<string, string>>;

const policyName = "content-security-policy";

/** Headers of pages that may also open sockets at an origin, such as `wss://relay.acme.com`. */
export const connectingTo = (headers: PageHeaders, origin: string | undefined): PageHeaders => {
  const policy = headers[policyName];
  if (origin === undefined || policy === undefined) return headers;
  const wider = policy.replace("connect-src 'self'", `connect-src 'self' ${origin}`);
  return { ...headers, [policyName]: wider };
};
