import { createHash } from "node:crypto";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { lazy } from "../runtime/caches.ts";
import { boundedTimeout, pauseFor } from "../runtime/deadline.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import {
  tryMilliseconds as answerMilliseconds,
  installedTransport,
  sendWithin,
  type TransportAnswer,
  triesMax,
} from "./aws-client.ts";
import { collectHeaders, createSigner, encodeStrictly, hashOf } from "./sign.ts";
import { openSockets } from "./transport.ts";

/** The timeout of one attempt: the largest object is 3.5 MB. */
const tryMilliseconds = 2 * answerMilliseconds;

/** The longest pause before the second attempt; it doubles. */
const pauseMilliseconds = 100;

/** The keys of one page: the most that S3 lists. */
export const pageKeys = 1000;

/** One call to S3. */
type Call = {
  method: "PUT" | "GET" | "POST";
  key?: string;
  query?: Record<string, string>;
  bytes?: Uint8Array;
  headers?: Record<string, string>;
};

/**
 * The stage's bucket of pictures, with the four S3 calls that are used; S3 transfers bytes, not
 * JSON as the other services. Transient failures are retried within the invocation's time; then the
 * call is refused as `unavailable`. Errors of S3 are thrown.
 */
export const bucket = lazy(() => {
  const call = createCaller();
  return {
    put: async (key: string, bytes: Uint8Array) => void (await call({ method: "PUT", key, bytes })),
    /** Undefined if there is no such object. */
    get: async (key: string) => (await call({ method: "GET", key }))?.bytes,
    /** Removes up to a page of objects in one call. Throws if S3 did not remove all of them. */
    async remove(keys: readonly string[]): Promise<void> {
      const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("");
      const bytes = new TextEncoder().encode(`<Delete><Quiet>true</Quiet>${objects}</Delete>`);
      // S3 requires a digest of the list.
      const headers = { "content-md5": createHash("md5").update(bytes).digest("base64") };
      const answer = await call({ method: "POST", query: { delete: "" }, bytes, headers });
      const text = new TextDecoder().decode(answer?.bytes);
      if (text.includes("<Error>")) throw new Error(`S3 did not remove all: ${text.slice(0, 500)}`);
    },
    /** One page of keys after this one, in order. */
    async list(after: string): Promise<string[]> {
      const query = { "list-type": "2", ...(after !== "" && { "start-after": after }) };
      const page = await call({ method: "GET", query });
      const text = new TextDecoder().decode(page?.bytes);
      return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
    },
  };
});

function createCaller() {
  const { region } = awsEnvironment();
  const endpoint = new URL(setting("AWS_ENDPOINT_URL") ?? `https://s3.${region}.amazonaws.com`);
  const { host } = endpoint;
  const sign = createSigner(host, () => ({ service: "s3", ...awsEnvironment() }));
  const sockets = lazy(() => openSockets(endpoint).transport);

  function attempt({ method, key, query, bytes, headers: own }: Call): Promise<TransportAnswer> {
    const path = `/${setting("PICTURES_BUCKET")}${key === undefined ? "" : `/${key}`}`;
    const search = Object.entries(query ?? {})
      .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
      .sort()
      .join("&");
    const payloadHash = hashOf(bytes ?? "");
    const flat = sign({ method, path, query: search, payloadHash }, Date.now());
    const length = bytes && { "content-length": String(bytes.length) };
    const headers = collectHeaders(flat, { ...own, ...length });
    const target = `${path}${search && `?${search}`}`;
    const request = { host, method, path: target, headers, body: bytes ?? "", isBinary: true };
    const transport = installedTransport() ?? sockets();
    return sendWithin(transport, request, boundedTimeout(tryMilliseconds));
  }

  /** Undefined when there is no such object. */
  return async (one: Call): Promise<{ bytes: Uint8Array } | undefined> => {
    for (let tries = 1; ; tries++) {
      // A connection error may be transient; a `Refusal` (no time left) is final.
      const answer = await attempt(one).catch((error: unknown) => {
        if (error instanceof Refusal) throw error;
      });
      const { status = 500, bytes } = answer ?? {};
      if (status === 404 && one.key !== undefined) return undefined;
      if (status < 300 && bytes !== undefined) return { bytes };
      if (status < 500 && status !== 429)
        throw new Error(`S3 ${one.method}: ${status} ${new TextDecoder().decode(bytes)}`);
      if (tries >= triesMax) refuse("unavailable");
      await pauseFor(Math.random() * pauseMilliseconds * 2 ** tries);
    }
  };
}
