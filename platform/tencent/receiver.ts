import { timingSafeEqual } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type * as z from "zod";
import { Maintenance, Refusal, refuse } from "../../domain/refusal.ts";
import { otherReason, reasonOf } from "../../domain/tencent/incoming-callback.ts";
import { commonHeaders, errorCodeHeader, faultCode } from "../http/envelope.ts";
import { hasTrailingSlash, header, parseInput } from "../http/request.ts";
import { setDeadline } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { newId } from "../runtime/id.ts";
import { logFault, setCorrelation, withFunctionName } from "../runtime/log.ts";
import { countMetric, withMetrics } from "../runtime/metrics.ts";
import { sentenceOf, unknownCommand } from "./codes.ts";
import type { ReceiverContract } from "./contract.ts";
import { readCommandBody } from "./request.ts";
import { callbackKey } from "./secret.ts";

/**
 * Milliseconds from a call's arrival within which it is decided, or not at all: Tencent waits two
 * seconds, and the steps after the decision need the rest.
 */
const decidedWithinMilliseconds = 1_600;

/** The response to a callback; a failure is also named in a header. */
type Answer = { errorCode: number; errorInfo: string; name?: string | undefined };

/** The input of a callback's handler. */
type Received<Body> = {
  body: Body;
  now: Date;
  /** A new id in ObjectId form. */
  newId: () => string;
  /** Seconds within which equal calls are one: 0 unless the URL says otherwise. */
  dedupeSeconds: number;
};

type Takes = ReceiverContract["takes"];
type Handlers<T extends Takes> = {
  // biome-ignore lint/suspicious/noConfusingVoidType: It may return nothing.
  [Name in keyof T]: (received: Received<z.output<T[Name]>>) => Promise<Answer | void>;
};

/** The response for a refusal: its reason's code and its details. */
export const callbackAnswerOf = (refusal: Refusal): Answer => ({
  errorCode: reasonOf(refusal.code),
  errorInfo: isLate(refusal) ? tooLate : sentenceOf(refusal),
  name: refusal.code,
});

const isLate = (refusal: Refusal) =>
  refusal.code === "unavailable" && !(refusal instanceof Maintenance);
const tooLate = "Not done in time: nothing was charged";
const done: Answer = { errorCode: 0, errorInfo: "" };

/**
 * The counterpart of `command` for callbacks from Tencent's engine: always HTTP 200 and within two
 * seconds, in Tencent's form. Order of checks: POST, application, key, body, callback, fields; then
 * the handler's. No AWS call continues after `decidedWithinMilliseconds` from the arrival.
 */
export function receiver<const C extends Omit<ReceiverContract, "kind">>(
  declaration: C,
  handlers: Handlers<C["takes"]>,
) {
  const grants = { ...declaration.grants, callbackSecret: true as const };
  const contract = { kind: "receiver", ...declaration, grants } as C & { kind: "receiver" };
  for (const [name, handle] of Object.entries(handlers))
    withFunctionName(handle as () => unknown, name);

  async function serve(event: APIGatewayProxyEvent, now: Date): Promise<Answer> {
    if (hasTrailingSlash(event)) throw unknownCommand(event.path);
    if (event.httpMethod !== "POST") refuse("request_invalid", { problem: "expected a POST" });
    const query = readQuery(event);
    await admit(query, now);
    const body = readCommandBody(event);
    const name = nameOf(body as Named, query);
    const schema = Object.hasOwn(contract.takes, name) ? contract.takes[name] : undefined;
    if (schema === undefined) refuse("command_unknown", { command: name });
    const dedupeSeconds = readSeconds(query.dedupe);
    const received = {
      body: parseInput(schema, body),
      now,
      newId: () => newId(now),
      dedupeSeconds,
    };
    return (await handlers[name as keyof C["takes"]](received as never)) ?? done;
  }

  /** Handles REST API proxy events, as `endpoint` does. */
  async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
    const now = new Date();
    const arrivedAt = event.requestContext.requestTimeEpoch ?? now.getTime();
    setDeadline(Math.min(0, arrivedAt - now.getTime()) + decidedWithinMilliseconds);
    const { requestId } = event.requestContext;
    setCorrelation(requestId);
    const headers = commonHeaders(requestId, header(event, "origin"));
    try {
      return send(headers, await serve(event, now));
    } catch (error) {
      if (error instanceof Refusal) return send(headers, callbackAnswerOf(error));
      countMetric("CommandFaults");
      logFault("A callback failed", error, { path: contract.path });
      const errorInfo = "Internal server error, try again";
      return send(headers, { errorCode: otherReason, errorInfo, name: faultCode });
    }
  }

  return { contract, handler: withMetrics(handler) };
}

function send(headers: Record<string, string>, { errorCode, errorInfo, name }: Answer) {
  return {
    statusCode: 200,
    headers: { ...headers, ...(errorCode !== 0 && name && { [errorCodeHeader]: name }) },
    body: JSON.stringify({
      ActionStatus: errorCode === 0 ? "OK" : "FAIL",
      ErrorInfo: errorInfo,
      ErrorCode: errorCode,
    }),
  };
}

/** Query parameters in the spellings of Tencent's pages, by our name for each. */
const spellings = {
  key: ["key"],
  sdkAppId: ["SdkAppid", "SdkAppId"],
  name: ["CallbackCommand", "WebhookCommand"],
  dedupe: ["dedupe"],
} as const;

type Query = Partial<Record<keyof typeof spellings, string>>;

/**
 * The query; refuses a repeated parameter. Tencent's pages do not say how its parameters are
 * appended to a URL with a query: a second `?` is read as `&`.
 */
function readQuery(event: APIGatewayProxyEvent): Query {
  const all: [name: string, value: string][] = [];
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {}))
    for (const value of values ?? []) {
      const [first = "", ...joined] = value.split("?");
      all.push([name, first], ...new URLSearchParams(joined.join("&")));
    }
  const query: Query = {};
  for (const [ours, names] of Object.entries(spellings)) {
    const found = all.filter(([name]) => (names as readonly string[]).includes(name));
    if (found.length > 1) refuse("request_invalid", { problem: `${names[0]}: expected one value` });
    if (found[0] !== undefined) query[ours as keyof Query] = found[0][1];
  }
  return query;
}

/** Authenticates Tencent: it sends no signature, so the URL has a key and the application's id. */
async function admit({ key = "", sdkAppId = "" }: Query, now: Date): Promise<void> {
  if (sdkAppId !== String(setting("TENCENT_SDK_APP_ID"))) refuse("app_unknown", { sdkAppId });
  if (key !== "" && isSame(key, await callbackKey.get(now))) return;
  const reread = key === "" ? undefined : await callbackKey.reread(now);
  if (reread === undefined || !isSame(key, reread)) refuse("callback_key_wrong");
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

type Named = { CallbackCommand?: unknown; WebhookCommand?: unknown };

/**
 * The callback's name: from the body, since one of the pages shows a different one in the query.
 */
function nameOf({ CallbackCommand, WebhookCommand }: Named, { name = "" }: Query): string {
  const given = CallbackCommand ?? WebhookCommand ?? name;
  return typeof given === "string" ? given.slice(0, nameMax) : "";
}

/** The most characters of a callback's name that a response repeats. */
const nameMax = 100;

/** The largest `dedupe`, in seconds. */
const dedupeMax = 60;

function readSeconds(given: string | undefined): number {
  if (given === undefined) return 0;
  const seconds = /^[1-9]\d?$/.test(given) ? Number(given) : Number.NaN;
  if (!(seconds <= dedupeMax))
    refuse("request_invalid", { problem: `dedupe: expected 1 to ${dedupeMax} seconds` });
  return seconds;
}
