import { randomBytes } from "node:crypto";
import { type RequestOptions, request } from "node:http";
import { request as requestSecure } from "node:https";
import { recordCall } from "./recorder.ts";

export const apiUrl = () => process.env.API_URL!;
const tokenUrl = () => process.env.TOKEN_URL ?? `${apiUrl()}/local/token`;

/** On a stage each API has its own host; on one machine all share one base URL. */
const tencentUrl = () => process.env.TENCENT_URL ?? `${apiUrl()}/v4`;
const callbackUrl = () => process.env.TENCENT_CALLBACK_URL ?? `${apiUrl()}/tencent/callback`;

/** The URL of a path, as on one machine, such as `/v4/live_engine_http_srv/send_gift`. */
export function addressOf(path: string): string {
  for (const [start, url] of [
    ["/v4", tencentUrl()],
    ["/tencent/callback", callbackUrl()],
  ] as const)
    if (path === start || path.startsWith(`${start}/`) || path.startsWith(`${start}?`))
      return `${url}${path.slice(start.length)}`;
  return `${apiUrl()}${path}`;
}

/** A Node request to a path, for requests or responses that `fetch` would alter. */
export function rawRequest(path: string, options: RequestOptions = {}) {
  const address = addressOf(path);
  return (address.startsWith("https:") ? requestSecure : request)(address, options);
}

/** 24 hex characters that are not used yet. */
export const freshId = () => randomBytes(12).toString("hex");

/** A user with an id and a token. */
export type Person = { id: string; token: string };

type TokenWish = {
  id?: string;
  groups?: string[];
  claims?: Record<string, unknown>;
  expiresIn?: number;
};

/** A new user, unknown to the system. */
export async function person({ id = freshId(), ...wish }: TokenWish = {}): Promise<Person> {
  const answer = await fetch(tokenUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub: id, ...wish }),
  });
  if (answer.status !== 201) throw new Error(`No token: ${answer.status} ${await answer.text()}`);
  const { token } = (await answer.json()) as { token: string };
  return { id, token };
}

export const admin = () => person({ groups: ["admin"] });
export const service = () => person({ groups: ["service"] });

type Call = {
  as?: Person;
  body?: unknown;
  /** The unmodified body, instead of `body`. */
  raw?: string | Uint8Array<ArrayBuffer> | FormData;
  key?: string;
  headers?: Record<string, string>;
};

export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: A black-box test looks into bodies of any shape.
  body: any;
};

/** One HTTP call; `route` is for example `POST /api/v1/gifts/create`. */
export async function call(
  route: string,
  { as, body, raw, key, headers }: Call = {},
): Promise<Answer> {
  const [method, path] = route.split(" ") as [string, string];
  const isJson = body !== undefined || typeof raw === "string";
  const answer = await fetch(addressOf(path), {
    method,
    headers: {
      ...(as && { authorization: `Bearer ${as.token}` }),
      ...(isJson && { "content-type": "application/json" }),
      ...(key !== undefined && { "idempotency-key": key }),
      ...headers,
    },
    body: raw ?? (body === undefined ? null : JSON.stringify(body)),
  });
  const text = await answer.text();
  const { status } = answer;
  recordCall({ method, path, body, status, answer: parsed(text) });
  return { status, headers: answer.headers, text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** "true" for the response to a repeated call, null for the first one. */
export const isReplayed = ({ headers }: Answer) => headers.get("idempotency-replayed");

/** The required form of every failure: exact keys in exact order. */
export function expectFailure(answer: Answer, status: number, sentence: string): void {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  expect(Object.keys(answer.body)).toEqual([
    "isSuccess",
    "statusCode",
    "data",
    "errors",
    "timestamp",
    "code",
  ]);
  expect(answer.body).toMatchObject({ isSuccess: false, statusCode: status, data: null });
  expect(answer.body.errors[0]).toBe(sentence);
  expect(answer.body.code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  const named = answer.headers.get("x-error-code");
  expect(named ?? answer.body.code).toBe(answer.body.code);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
}

/** The first sentence of each failure. */
export const sentences = {
  400: "Validation failed",
  401: "Authentication required",
  403: "Insufficient permissions",
  404: "Resource not found",
  409: "Resource already exists or cannot be changed in its current state",
  413: "Request body too large",
  415: "Unsupported media type",
  422: "Idempotency-Key was used with another request",
} as const;

/** Waits for an asynchronous result, such as a settlement: up to two minutes, for busy machines. */
export async function eventually<T>(
  look: () => Promise<T>,
  isThere: (value: T) => boolean,
  milliseconds = 120_000,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await look();
    if (isThere(value)) return value;
    if (Date.now() > deadline) throw new Error(`Still not there: ${JSON.stringify(value)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** The data of a 201, or of the given status; throws with status and body of any other response. */
function dataOf({ status, text, body }: Answer, expected = 201) {
  if (status !== expected) throw new Error(`Expected ${expected}, got ${status} ${text}`);
  return body.data;
}

/** A live stream of a new host. */
export async function liveStream(host?: Person): Promise<{ host: Person; id: string }> {
  const owner = host ?? (await person());
  const made = await call("POST /api/v1/live-stream/create", {
    as: owner,
    body: { title: "Live" },
  });
  const { id } = dataOf(made);
  const body = { liveStreamId: id };
  dataOf(await call("POST /api/v1/live-stream/join-as-creator", { as: owner, body }), 200);
  return { host: owner, id };
}

/**
 * Waits until a new stream's start is in its log, so that the next frame shows a test's own action;
 * returns the newest frame's number.
 */
export async function untilStarted(id: string, as: Person): Promise<number> {
  const answer = await eventually(
    () => call(`GET /api/v1/live-stream/${id}/events?after=0&wait=20`, { as }),
    ({ body }) => body.data.head > 0,
  );
  return answer.body.data.head;
}

/** Gives credits to a user, as an admin. */
export async function topUp(to: Person, amount: number): Promise<void> {
  const answer = await call(`POST /api/v1/wallets/${to.id}/top-ups`, {
    as: await admin(),
    key: freshId(),
    body: { amount, reference: freshId() },
  });
  dataOf(answer);
}

/** A new gift type with a price. */
export async function giftType(creditAmount: number): Promise<string> {
  const answer = await call("POST /api/v1/gifts/gift-types", {
    as: await admin(),
    body: { creditAmount, svgUrl: "https://cdn.example.com/gifts/rose.svg", name: "Rose" },
  });
  return dataOf(answer).id;
}

/** A user whom the system knows. */
export async function known(): Promise<Person> {
  const as = await person();
  dataOf(await call("GET /api/v1/users/me", { as }), 200);
  return as;
}

/** Does something with a token that soon expires; again if a busy machine took longer than that. */
export async function beforeExpiry<T>(seconds: number, act: (as: Person) => Promise<T>) {
  for (;;) {
    const as = await person({ expiresIn: seconds });
    // Read from the token, which may have arrived late.
    const claims = Buffer.from(as.token.split(".")[1]!, "base64url").toString();
    const expiresAt = (JSON.parse(claims) as { exp: number }).exp * 1000;
    try {
      return { as, expiresAt, done: await act(as) };
    } catch (error) {
      // The system's clock may be ahead.
      if (Date.now() < expiresAt - 1000) throw error;
    }
  }
}

/** A user with credits. */
export async function rich(credits: number): Promise<Person> {
  const as = await person();
  await topUp(as, credits);
  return as;
}

/** A user's own wallet. */
export const walletOf = async (as: Person) => (await call("GET /api/v1/wallet", { as })).body.data;

/** Sends a chat message to a stream. */
export const say = (id: string, as: Person, content: string) =>
  call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content } });
