import type { Caller } from "./http.ts";
import type { Operations } from "./operations.ts";

/** A call of the API, such as `GET /api/v1/wallet`. */
export type Route = keyof Operations;

type Part<R extends Route, Name extends string> =
  Operations[R] extends Record<Name, infer P>
    ? { [Key in Name]: P }
    : Operations[R] extends { [Key in Name]?: infer P }
      ? { [Key in Name]?: P }
      : unknown;

/** The input of a call. `key`: your own Idempotency-Key for a POST; `signal` aborts the call. */
export type CallInput<R extends Route> = Part<R, "path"> &
  Part<R, "query"> &
  Part<R, "body"> & { key?: string | undefined; signal?: AbortSignal | undefined };

/** The result of a call, without its envelope. */
export type CallResult<R extends Route> = Operations[R]["answer"];

/** The possible error codes of a call: the `code` of its `OvationError`. */
export type CodeOf<R extends Route> = Operations[R]["code"];

type Arguments<R extends Route> =
  Record<string, never> extends CallInput<R> ? [given?: CallInput<R>] : [given: CallInput<R>];

/** Any call of the HTTP API: by method and path, or by route, with the API's types. */
export type Call = {
  <Said>(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
    signal?: AbortSignal,
  ): Promise<Said>;
  <R extends Route>(route: R, ...given: Arguments<R>): Promise<CallResult<R>>;
};

type Loose = {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  key?: string;
  signal?: AbortSignal;
};

type Rest = [body?: unknown, key?: string, signal?: AbortSignal];

/** Calls by route. A missing path parameter throws a TypeError, and nothing is sent. */
export function createCall(call: Caller): Call {
  return async (route: string, given: unknown = {}, ...more: unknown[]) => {
    const [method = "", path] = route.split(" ");
    if (path === undefined) return call<never>(route, String(given), ...(more as Rest));
    const { path: parts, query, body, key, signal } = given as Loose;
    return call<never>(method, placeOf(path, parts) + queryOf(query), body, key, signal);
  };
}

const placeOf = (path: string, parts: Record<string, unknown> = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined || part === "") throw new TypeError(`path.${name}: expected a value`);
    return encodeURIComponent(String(part));
  });

function queryOf(query: Record<string, unknown> = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const texts = pairs.map(([name, value]) =>
    [name, String(value)].map(encodeURIComponent).join("="),
  );
  return texts.length === 0 ? "" : `?${texts.join("&")}`;
}
