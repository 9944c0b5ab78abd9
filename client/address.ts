import type { Wanted } from "./follower.ts";

/** Where a stream is served, with a ticket if a ticket opened the previous socket. */
export type ServerAddress = {
  url?: string;
  ticket?: string | undefined;
  /** Whether a socket has opened at the URL. */
  hasOpened?: true;
  /** Whether the API must serve it itself. */
  isApi?: true;
};

/**
 * The URL of the next socket. `moves` lets the API reply that a stream is served elsewhere; the
 * configured query is kept.
 */
export function addressOf(own: string, { url, isApi }: ServerAddress, wanted: Wanted): string {
  const query = own.split("?")[1];
  if (url === undefined) return withQuery(own, isApi ? wanted : { ...wanted, moves: 1 });
  return withQuery(query ? `${url}?${query}` : url, wanted);
}

/** Appends to a URL's query. Some engines have read-only URL objects. */
export function withQuery(url: string, query: object): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return pairs[0] ? `${url}${url.includes("?") ? "&" : "?"}${pairs.join("&")}` : url;
}
