import { timingSafeEqual } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type * as z from "zod";
import { Maintenance, Refusal, refuse } from "../../domain/refusal.ts";
import { otherReason, reasonOf } from "../../domain/tencent/incoming-callback.ts";
import { commonHeaders, errorCodeHeader, faultCode } from "../http/envelope.ts";
import { check, header } from "../http/request.ts";
import { setDeadline } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { newId } from "../runtime/id.ts";
import { logFault, named, setCorrelation } from "../runtime/log.ts";
import { countMetric, withMetrics } from "../runtime/metrics.ts";
import { sentenceOf } from "./codes.ts";
import type { ReceiverContract } from "./contract.ts";
import { readCommandBody } from "./request.ts";
import { callbackKey } from "./secret.ts";

/**
 * Milliseconds from a call's arrival in which it is done or not at all: Tencent waits two seconds,
 * and what follows the decision needs the rest.
 */
const decidedWithinMilliseconds = 1_600;

/** What a callback is answered; a failure names itself in a header, too. */
type Answer = { errorCode: number; errorInfo: string; name?: string | undefined };

/** What a handler of a callback is given. */
type Received<Body> = {
  body: Body;
  now: Date;
  /** A new id of ObjectId form. */
  newId: () => string;
  /** Seconds in which calls that are alike are one: 0 unless the address says more. */
  dedupeSeconds: number;
};

type Takes = ReceiverContract["takes"];
type Handlers<T extends Takes> = {
  // biome-ignore lint/suspicious/noConfusingVoidType: It may end without a word.
  [Name in keyof T]: (received: Received<z.output<T[Name]>>) => Promise<Answer | void>;
};

/** The answer that a refusal is: its reason's code, and what exactly is wrong. */
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
 * The sister of `command` for callbacks that Tencent's engine sends: always HTTP 200 and within two
 * seconds, in Tencent's form. Order of checks: POST, application, key, body, callback, fields; then
 * the handler's. No call to AWS goes on after `decidedWithinMilliseconds` from the arrival.
 */
export function receiver<const C extends Omit<ReceiverContract, "kind">>(
  declaration: C,
  handlers: Handlers<C["takes"]>,
) {
  const grants = { ...declaration.grants, callbackSecret: true as const };
  const contract = { kind: "receiver", ...declaration, grants } as C & { kind: "receiver" };
  for (const [name, handle] of Object.entries(handlers)) named(handle as () => unknown, name);

  async function serve(event: APIGatewayProxyEvent, now: Date): Promise<Answer> {
    if (event.httpMethod !== "POST") refuse("request_invalid", { problem: "expected a POST" });
    const query = readQuery(event);
    await admit(query, now);
    const body = readCommandBody(event);
    const name = nameOf(body as Named, query);
    const schema = Object.hasOwn(contract.takes, name) ? contract.takes[name] : undefined;
    if (schema === undefined) refuse("command_unknown", { command: name });
    const dedupeSeconds = readSeconds(query.dedupe);
    const received = { body: check(schema, body), now, newId: () => newId(now), dedupeSeconds };
    return (await handlers[name as keyof C["takes"]](received as never)) ?? done;
  }

  /** REST API proxy events, as `endpoint` has them. */
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

/** Names of the query in the spellings that Tencent's pages use, by the name that we use. */
const spellings = {
  key: ["key"],
  sdkAppId: ["SdkAppid", "SdkAppId"],
  name: ["CallbackCommand", "WebhookCommand"],
  dedupe: ["dedupe"],
} as const;

type Query = Partial<Record<keyof typeof spellings, string>>;

/**
 * The query; refuses a parameter that comes twice. Tencent's pages do not say how its own
 * parameters are joined to an address that has some already: a second `?` is taken for an `&`.
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

/** Lets Tencent in: it has no signature, so the address has a key, and names the application. */
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

/** The callback's name: the body's, since one of the pages shows another one in the query. */
function nameOf({ CallbackCommand, WebhookCommand }: Named, { name = "" }: Query): string {
  const given = CallbackCommand ?? WebhookCommand ?? name;
  return typeof given === "string" ? given.slice(0, nameMax) : "";
}

/** Characters of a callback's name that an answer repeats. */
const nameMax = 100;

/** Seconds of `dedupe`, at most. */
const dedupeMax = 60;

function readSeconds(given: string | undefined): number {
  if (given === undefined) return 0;
  const seconds = /^[1-9]\d?$/.test(given) ? Number(given) : Number.NaN;
  if (!(seconds <= dedupeMax))
    refuse("request_invalid", { problem: `dedupe: expected 1 to ${dedupeMax} seconds` });
  return seconds;
}
