import { effect, signal } from "@preact/signals";
import {
  type Client,
  type ConnectionState,
  createClient,
  OvationError,
} from "../../client/index.ts";
import { unlessRefused } from "../chat/reason.ts";
import { curlOf } from "../curl.ts";
import { type Keys, keepKey, keyOf } from "../new-key.ts";
import { timed } from "../server-time.ts";
import { noteConnection } from "./offline-strip.tsx";
import { endSession, NoSocket, session } from "./session.ts";

/** A call as it is sent, without the token. */
export type Request = {
  method: string;
  path: string;
  body?: unknown;
  key?: string;
  /** Names of uploaded files, by field. */
  files?: Record<string, string>;
};

/** A call and its result; status 0: no response. */
export type Called = Request & { id: number; status: number; milliseconds: number };

const calledMax = 200;

/** The calls of the signed-in user, newest first. */
export const called = signal<Called[]>([]);
let next = 1;

const filesIn = (form: FormData) =>
  Object.fromEntries(
    [...form].flatMap(([field, value]) => (value instanceof File ? [[field, value.name]] : [])),
  );

/** The API refuses this token: ends its session, if that is the current one. */
function endSessionOf(token: string): void {
  if (session.peek()?.token === token) endSession("Your session has ended. Sign in again.");
}

/**
 * Calls the API with a session's token, and notes the call. A response that arrives after the
 * session has ended does not affect the next session: it is not noted, and its 401 is ignored.
 */
const notedAs = (token: string) =>
  timed(async (input, init = {}) => {
    const url = new URL(String(input));
    const headers = new Headers(init.headers);
    const key = headers.get("idempotency-key");
    const request: Request = {
      method: init.method ?? "GET",
      path: url.pathname + url.search,
      ...(typeof init.body === "string" && { body: JSON.parse(init.body) }),
      ...(key !== null && { key }),
      ...(init.body instanceof FormData && { files: filesIn(init.body) }),
    };
    const began = performance.now();
    const note = (status: number) => {
      if (session.peek()?.token !== token) return;
      const milliseconds = Math.round(performance.now() - began);
      called.value = [{ ...request, id: next++, status, milliseconds }, ...called.value].slice(
        0,
        calledMax,
      );
    };
    try {
      const answer = await fetch(input, init);
      note(answer.status);
      if (answer.status === 401) endSessionOf(token);
      return answer;
    } catch (error) {
      note(0);
      throw error;
    }
  });

/** A client keeps its token, so each session has new clients: for calls and for subscriptions. */
let client: Client;
let listener: Client | undefined;
const url = location.origin;

effect(() => {
  const token = session.value?.token ?? "";
  client = createClient({ url, token: () => token, WebSocket: NoSocket, fetch: notedAs(token) });
  called.value = [];
  return () => {
    client.close();
    listener?.close();
    listener = undefined;
    connection.value = "connecting";
    noteConnection("subscriptions", false);
  };
});

/** Calls the API as the signed-in user. */
export const call = ((...given: Parameters<Client["call"]>) =>
  client.call(...given)) as Client["call"];

/** A socket's code for a revoked token. */
const revokedCode = 4503;

/** The state of the socket for subscriptions. */
export const connection = signal<ConnectionState>("connecting");

/** Subscribes to streams as the signed-in user, on a socket opened with the first subscription. */
function listening(): Client {
  if (listener !== undefined) return listener;
  const token = session.peek()?.token ?? "";
  listener = createClient({
    url,
    token,
    onState(state, _, statusCode) {
      connection.value = state;
      noteConnection("subscriptions", state === "offline");
      // A socket whose token was revoked has a separate code.
      if (statusCode === 401 || statusCode === revokedCode) endSessionOf(token);
    },
    onError() {},
  });
  return listener;
}

/** The API as the signed-in user, for pages shared with Studio. */
export const host: Pick<Client, "call" | "subscribe"> = {
  call,
  subscribe: (...given) => listening().subscribe(...given),
};

/** A call that can be shown before it is made. */
export type ApiRequest = Request & { run(): Promise<unknown> };

/** Prepares a call without making it; with `keys`, repeating it has no further effect. */
export function request(method: string, path: string, body?: unknown, keys?: Keys): ApiRequest {
  const input = JSON.stringify([path, body]);
  const key = keys && keyOf(keys, input);
  return {
    method,
    path,
    ...(body !== undefined && { body }),
    ...(key !== undefined && { key }),
    run() {
      if (keys && key) keepKey(keys, input, key);
      return call(method, path, body, key);
    },
  };
}

/**
 * Prepares a deletion. A refusal with the code `done` is a success: another moderator or admin has
 * deleted it meanwhile.
 */
export const deletion = (path: string, done: Parameters<typeof unlessRefused>[0]): ApiRequest => ({
  method: "DELETE",
  path,
  run: () => call("DELETE", path).catch(unlessRefused(done)),
});

/** Prepares a file upload. */
export const requestFile = (path: string, field: string, file: File): ApiRequest => ({
  method: "POST",
  path,
  files: { [field]: file.name },
  run: () => call("POST", path, { [field]: file }),
});

/** A call as a curl command, with `$TOKEN` instead of the token. */
export const curlLineOf = ({ method, path, body, key, files }: Request) =>
  curlOf({
    method,
    url: location.origin + path,
    token: "$TOKEN",
    headers: {
      ...(key !== undefined && { "idempotency-key": key }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(files !== undefined && { files }),
  });

/** An error for users: what is wrong, what to do, and the error code. */
export type Refused = { says: string; advice: string; code: string };

/** What can be done after an error, by its status. */
const advices: Record<number, string> = {
  0: "Check that Ovation is running and the network is up, then try again.",
  401: "Sign in again.",
  403: "You do not have permission.",
  404: "It may have been deleted. Reload the list.",
  409: "Reload to see the current state.",
  429: "Wait a moment, then try again.",
};

export function refusedOf(error: unknown): Refused {
  if (!(error instanceof OvationError)) {
    // A fetch without a response rejects with a TypeError.
    const says = error instanceof TypeError ? "Network error" : String(error);
    return { says, advice: advices[0]!, code: "" };
  }
  const { statusCode, errors, code } = error;
  const advice = advices[statusCode] ?? (statusCode >= 500 ? "Try again in a moment." : "");
  return {
    says: errors.at(-1) ?? error.message,
    advice,
    code: code ?? (statusCode ? `${statusCode}` : ""),
  };
}
