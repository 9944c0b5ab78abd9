import middy from "@middy/core";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type * as z from "zod";
import { Refusal, type RefusalCode, refuse } from "../../domain/refusal.ts";
import { assertCurrent, type Caller, callerOf, hasRole } from "../caller.ts";
import { beginInvocation, type TimeLeft } from "../deadline.ts";
import { withBucket, withRevocations } from "../grants.ts";
import { newId } from "../id.ts";
import { logFault } from "../log.ts";
import { withMetrics } from "../metrics.ts";
import { named } from "../named.ts";
import { type KeyedCall, keyedCall } from "../table/idempotency.ts";
import { countUse } from "../table/rates.ts";
import { KeyUsed, type Reply } from "../table/record.ts";
import { isPassing } from "../table/transact.ts";
import { type Contract, rateOf, takesKey } from "./contract.ts";
import {
  commonHeaders,
  errorCodeHeader,
  failure,
  faultCode,
  refusalAnswer,
  success,
} from "./envelope.ts";
import { answerAgain, type Earlier, findEarlier, replyOf } from "./replay.ts";
import { check, header, readBody, readKey, readQuery } from "./request.ts";
import { inSession } from "./session.ts";
import { tagged } from "./tag.ts";

type Out<S> = S extends z.ZodType ? z.output<S> : undefined;
type AnswerOf<C extends Contract> = z.input<C["answer"][1]>;
type CallerOf<C extends Contract> = C["caller"] extends "anyone"
  ? undefined
  : C["caller"] extends "optional"
    ? Caller | undefined
    : Caller;

/** What a handler is given: everything is validated, and the clock and ids come from outside. */
type Request<C extends Contract> = {
  path: Out<C["path"]>;
  query: Out<C["query"]>;
  body: Out<C["body"]>;
  caller: CallerOf<C>;
  now: Date;
  /** A new id of ObjectId form. */
  newId: () => string;
  /**
   * Checks the answer and ties it to the call's key: give the reply to the store with the effect.
   */
  once: (answer: AnswerOf<C>) => Reply<AnswerOf<C>>;
  /** Names a call with an Idempotency-Key, and each repetition of it alike. */
  callId?: string;
  /**
   * Ends the call with the earlier answer if its key was used already; to be asked before anything
   * is used up for it.
   */
  assertNew: () => Promise<void>;
};

/** Refusals that any request can meet, so no contract lists them. */
const always: readonly RefusalCode[] = [
  "request_invalid",
  "token_invalid",
  "role_missing",
  "body_too_large",
  "media_type_unsupported",
  "key_reused",
  "key_in_progress",
  "too_many_requests",
  "unavailable",
];

/** What is known about a call while it is being answered; the answer to an error needs it too. */
type Call = {
  now: Date;
  headers: Record<string, string>;
  /** The tags of the answers that the caller has already. */
  ifNoneMatch?: string | undefined;
  caller?: Caller | undefined;
  /** The validated body. */
  body?: unknown;
  keyed?: KeyedCall;
  /** What the key was used for, where that was looked up before the handler was done. */
  earlier?: Earlier | undefined;
};

/**
 * Joins a contract with the function that handles its calls; `handler` is what Lambda calls (REST
 * API proxy events,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html).
 * Order of checks: token, rate, role, body and query; then the handler's: existence, ownership, state. A
 * refusal that the contract does not declare, or an answer that does not fit it, is a fault (500).
 */
export function endpoint<const C extends Omit<Contract, "kind">>(
  declaration: C,
  handle: (
    request: Request<C & { kind: "endpoint" }>,
  ) => Promise<AnswerOf<C & { kind: "endpoint" }>>,
) {
  const { caller, grants: own } = declaration;
  const grants = caller === "anyone" ? own : withRevocations(withBucket(own));
  const contract = { kind: "endpoint", ...declaration, grants } as C & { kind: "endpoint" };
  named(handle, contract.route);
  const calls = new WeakMap<APIGatewayProxyEvent, Call>();

  async function serve(
    event: APIGatewayProxyEvent,
    context: TimeLeft,
  ): Promise<APIGatewayProxyResult> {
    beginInvocation(context, event.requestContext.requestId);
    const call: Call = begin(event);
    calls.set(event, call);
    const caller = identify(contract, event, call.now);
    if (caller !== undefined) await countUse(rateOf(contract, caller), caller.userId, call.now);
    assertRole(contract, caller);
    call.caller = caller;
    const body = await readBody(event, contract);
    const request = {
      path: contract.path && check(contract.path, event.pathParameters ?? {}),
      query: contract.query && check(contract.query, readQuery(event, contract.lists)),
      body: contract.body && check(contract.body, body),
    };
    if (contract.query === undefined) readQuery(event);
    call.body = request.body;
    const name = takesKey(contract) ? readKey(event, contract) : undefined;
    if (name !== undefined && caller !== undefined)
      call.keyed = keyedCall(caller.userId, contract.route, name, request);
    const once = (answer: unknown) => replyOf(contract, call, answer);
    const callId = call.keyed?.hash;
    const given = { ...request, caller, now: call.now, newId: () => newId(call.now), once, callId };
    const assertNew = async () => {
      if (call.keyed === undefined) return;
      call.earlier = await findEarlier(contract, call.keyed, call.now);
      if (call.earlier !== undefined) throw new KeyUsed();
    };
    const how = { isRead: contract.route.startsWith("GET "), now: call.now };
    const answer = await inSession(caller, how, () =>
      handle({ ...given, assertNew } as unknown as Request<typeof contract>),
    );
    return succeed(contract, call, contract.answer[1].parse(answer));
  }

  /** Refusals become answers; everything else is logged once and reveals nothing. */
  async function onError(request: middy.Request<APIGatewayProxyEvent, APIGatewayProxyResult>) {
    const call = calls.get(request.event) ?? begin(request.event);
    try {
      request.response = await answerError(contract, call, request.error);
    } catch (error) {
      request.response =
        error instanceof Refusal
          ? refusalAnswer(error, call.headers, call.now)
          : fault(contract, call, error);
    }
  }

  const handler = middy<APIGatewayProxyEvent, APIGatewayProxyResult>(withMetrics(serve)).use({
    onError,
  });
  return { contract, handler };
}

function begin(event: APIGatewayProxyEvent): Call {
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  return { now: new Date(), headers, ifNoneMatch: header(event, "if-none-match") };
}

/** Who calls. The authorizer's cache outlives a token, so `exp` counts here. */
function identify(contract: Contract, event: APIGatewayProxyEvent, now: Date): Caller | undefined {
  if (contract.caller === "anyone") return undefined;
  const caller = callerOf(event.requestContext.authorizer);
  if (caller === undefined && contract.caller === "optional") return undefined;
  if (caller === undefined) refuse("token_invalid");
  assertCurrent(caller, now);
  return caller;
}

function assertRole({ caller: wanted }: Contract, caller: Caller | undefined): void {
  if (caller !== undefined && (wanted === "admin" || wanted === "service"))
    if (!hasRole(caller, wanted)) refuse("role_missing", { role: wanted });
}

function succeed(contract: Contract, call: Call, answer: unknown): APIGatewayProxyResult {
  const [statusCode] = contract.answer;
  const headers: Record<string, string> = { ...call.headers };
  const { cacheControl: rule } = contract;
  const cacheControl =
    typeof rule === "function" ? rule(answer as never, call.caller?.userId) : rule;
  if (cacheControl !== undefined) headers["cache-control"] = cacheControl;
  // Else a cache would give the anonymous answer to callers who have a token.
  if (contract.caller === "optional")
    headers.vary = [headers.vary, "Authorization"].filter(Boolean).join(", ");
  if (statusCode === 204) {
    delete headers["content-type"];
    return { statusCode, headers, body: "" };
  }
  if (contract.mediaType !== undefined)
    return {
      statusCode,
      headers: { ...headers, "content-type": contract.mediaType },
      body: String(answer),
    };
  const body = contract.shape === "bare" ? answer : success(statusCode, answer, call.now);
  const told = { statusCode, headers, body: JSON.stringify(body) };
  const isPublic = cacheControl?.startsWith("public") === true;
  return isPublic ? tagged(told, JSON.stringify(answer), call.ifNoneMatch) : told;
}

async function answerError(contract: Contract, call: Call, error: unknown) {
  const refused = error instanceof Refusal ? error : undefined;
  if (call.keyed !== undefined && (error instanceof KeyUsed || refused !== undefined)) {
    const mayFinish = error instanceof KeyUsed;
    const earlier = call.earlier ?? (await findEarlier(contract, call.keyed, call.now));
    const again = earlier && (await answerAgain(contract, earlier, call.body, mayFinish));
    if (earlier !== undefined && again !== undefined) {
      const headers = { ...call.headers, "idempotency-replayed": "true" };
      return succeed(contract, { ...call, headers, now: earlier.answeredAt }, again.answer);
    }
    // The marker was there a moment ago and is not now: another call is just being answered.
    if (error instanceof KeyUsed) refuse("key_in_progress");
  }
  if (refused === undefined) return fault(contract, call, error);
  if (![...always, ...contract.refusals].includes(refused.code))
    return fault(contract, call, new Error(`The contract does not declare ${refused.code}`));
  return refusalAnswer(refused, call.headers, call.now);
}

/**
 * What passes is worth another try, and the caller is told so. Everything else is a 500: a bug, or
 * an internal fault of the table that the SDK's retries did not get past.
 */
function fault(contract: Contract, call: Call, error: unknown): APIGatewayProxyResult {
  const { headers, now } = call;
  logFault("A request failed", error, { route: contract.route });
  const isInner = error instanceof Error && error.name === "InternalServerError";
  if (isPassing(error) && !isInner) return refusalAnswer(new Refusal("unavailable"), headers, now);
  const named = { ...headers, [errorCodeHeader]: faultCode };
  return { statusCode: 500, headers: named, body: JSON.stringify(failure(500, [], now)) };
}
