import middy from "@middy/core";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type * as z from "zod";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { assertRole, type Caller, identify } from "../auth/caller.ts";
import { inSession, withBans, withRevocations } from "../auth/session.ts";
import type { Grants } from "../lambda/grants.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { newId } from "../runtime/id.ts";
import { logFault, withFunctionName } from "../runtime/log.ts";
import { withMetrics } from "../runtime/metrics.ts";
import { isTransient } from "../table/conflicts.ts";
import { anonymousOwner, keyedCall } from "../table/idempotency.ts";
import { assertNotRefused, countCall, rateHeaders, withBucket } from "../table/rates.ts";
import { DuplicateKeyError } from "../table/transact.ts";
import { type Contract, codesOf, rateOf, takesIdempotencyKey, unitsOf } from "./contract.ts";
import {
  commonHeaders,
  contentTag,
  faultAnswer,
  type Revisions,
  refusalAnswer,
  revisionsOf,
  success,
  withEtag,
} from "./envelope.ts";
import {
  findStoredReply,
  type Idempotency,
  idempotency,
  type KeyedState,
  replay,
  withReplay,
} from "./replay.ts";
import {
  answerUnknownRoute,
  hasTrailingSlash,
  header,
  parseInput,
  readBody,
  readKey,
  readPath,
  readQuery,
} from "./request.ts";

type Out<S> = S extends z.ZodType ? z.output<S> : undefined;
type AnswerOf<C extends Contract> = z.input<C["answer"][1]>;
type CallerOf<C extends Contract> = C["caller"] extends "anyone"
  ? undefined
  : C["caller"] extends "optional"
    ? Caller | undefined
    : Caller;

/** The input of a handler: everything is validated, and the clock and ids are passed in. */
type Request<C extends Contract> = {
  path: Out<C["path"]>;
  query: Out<C["query"]>;
  body: Out<C["body"]>;
  caller: CallerOf<C>;
  now: Date;
  /** A new id in ObjectId form. */
  newId: () => string;
} & Idempotency<AnswerOf<C>> &
  Revisions;

/** The state of a call while it is processed; error responses need it too. */
type Call = KeyedState & {
  headers: Record<string, string>;
  /** The tags of the versions that the caller already has. */
  ifNoneMatch?: string | undefined;
  /** The tags of the revisions that the caller wants to change. */
  ifMatch?: string | undefined;
  caller?: Caller | undefined;
  /** The validated body. */
  body?: unknown;
};

/**
 * Joins a contract with the function that handles its calls; `handler` is what Lambda calls (REST
 * API proxy events,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html).
 * Order of checks: token, rate, role, body and query; then the handler's: existence, ownership,
 * state. A refusal that the contract does not declare, a response that does not match it, or a POST
 * that ties no reply to its key, is a fault (500).
 */
export function endpoint<const C extends Omit<Contract, "kind">>(
  declaration: C,
  handle: (
    request: Request<C & { kind: "endpoint" }>,
  ) => Promise<AnswerOf<C & { kind: "endpoint" }>>,
) {
  const grants = grantsOf(declaration);
  const contract = { kind: "endpoint", ...declaration, grants } as C & { kind: "endpoint" };
  withFunctionName(handle, contract.route);
  const calls = new WeakMap<APIGatewayProxyEvent, Call>();

  async function serve(
    event: APIGatewayProxyEvent,
    context: TimeLeft,
  ): Promise<APIGatewayProxyResult> {
    beginInvocation(context, event.requestContext.requestId);
    if (hasTrailingSlash(event)) return answerUnknownRoute(event);
    const call: Call = begin(event);
    calls.set(event, call);
    const caller = identify(contract.caller, event.requestContext.authorizer, call.now);
    if (caller !== undefined)
      await countCall(rateOf(contract, caller), caller.userId, call, unitsOf(contract.cost));
    if (caller !== undefined) assertRole(caller, contract.caller);
    call.caller = caller;
    // Such a form has a picture, whose size is known only after megabytes have been parsed.
    if (contract.formOnly && caller) assertNotRefused("uploads", caller.userId, call.now);
    const body = await readBody(event, contract);
    const request = {
      path: contract.path && parseInput(contract.path, readPath(event)),
      query: contract.query && parseInput(contract.query, readQuery(event, contract.lists)),
      body: contract.body && parseInput(contract.body, body),
    };
    if (contract.query === undefined) readQuery(event);
    call.body = request.body;
    const name = takesIdempotencyKey(contract) ? readKey(event, contract) : undefined;
    if (name !== undefined)
      call.keyed = keyedCall(caller?.userId ?? anonymousOwner(name), contract.route, name, request);
    const clock = { now: call.now, newId: () => newId(call.now) };
    const revisions = revisionsOf(call.headers, call.ifMatch);
    const given = { ...request, ...clock, caller, ...revisions, ...idempotency(contract, call) };
    const how = { isRead: contract.route.startsWith("GET "), now: call.now };
    const answer = await inSession(caller, how, () =>
      handle(given as unknown as Request<typeof contract>),
    );
    if (call.keyed !== undefined && !call.isTied)
      throw new Error(`${contract.route} ties no response to its Idempotency-Key`);
    if (contract.hasRevisions && call.headers.etag === undefined)
      throw new Error(`${contract.route} shows no revision`);
    const response = succeed(contract, call, contract.answer[1].parse(answer));
    if (caller !== undefined) await countExcess(contract, caller, call, response);
    return response;
  }

  /** Refusals become responses; everything else is logged once and reveals nothing. */
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

/** The grants of the handler, plus those that every call of its kind needs. */
function grantsOf({ caller, grants, route }: Omit<Contract, "kind">): Grants {
  const keyed = takesIdempotencyKey({ route }) ? withReplay(grants) : grants;
  return caller === "anyone" ? keyed : withRevocations(withBucket(withBans(keyed)));
}

function begin(event: APIGatewayProxyEvent): Call {
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  const tags = { ifNoneMatch: header(event, "if-none-match"), ifMatch: header(event, "if-match") };
  return { now: new Date(), headers, ...tags };
}

/**
 * Counts the part of a read's response that is larger than its contract declares: lists of gift
 * types are as large as the operator's catalogue. If no unit is left, it refuses with
 * `too_many_requests`, and the response is not sent. Its headers report what is left now: a handler
 * may have counted more, too.
 */
async function countExcess(
  contract: Contract,
  caller: Caller,
  call: Call,
  response: APIGatewayProxyResult,
): Promise<void> {
  const { cost, route } = contract;
  const kilobytes = Math.max(Buffer.byteLength(response.body) / 1024, cost.kilobytes ?? 0);
  const excess = route.startsWith("GET ") ? unitsOf({ ...cost, kilobytes }) - unitsOf(cost) : 0;
  const kind = rateOf(contract, caller);
  if (excess > 0) await countCall(kind, caller.userId, call, excess);
  response.headers = { ...response.headers, ...rateHeaders(kind, caller.userId, call.now) };
}

function succeed(contract: Contract, call: Call, answer: unknown): APIGatewayProxyResult {
  const [statusCode] = contract.answer;
  const headers: Record<string, string> = { ...call.headers };
  const { cacheControl: rule } = contract;
  const cacheControl = typeof rule === "function" ? rule(call.caller?.userId) : rule;
  if (cacheControl !== undefined) headers["cache-control"] = cacheControl;
  // Otherwise a cache would serve the anonymous response to callers with a token.
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
  const body = contract.isBare ? answer : success(statusCode, answer, call.now);
  const response = { statusCode, headers, body: JSON.stringify(body) };
  const isPublic = cacheControl?.startsWith("public") === true;
  return isPublic
    ? withEtag(response, contentTag(JSON.stringify(answer)), call.ifNoneMatch)
    : response;
}

async function answerError(contract: Contract, call: Call, error: unknown) {
  const refused = error instanceof Refusal ? error : undefined;
  // Only a caller who is still signed in gets a stored response.
  const mayRepeat = refused !== undefined && refused.kind !== "unauthenticated";
  if (call.keyed !== undefined && (error instanceof DuplicateKeyError || mayRepeat)) {
    const mayFinish = error instanceof DuplicateKeyError;
    const earlier = call.earlier ?? (await findStoredReply(contract, call.keyed, call.now));
    const again = earlier && (await replay(contract, earlier, call.body, mayFinish));
    if (earlier !== undefined && again !== undefined) {
      const headers = { ...call.headers, "idempotency-replayed": "true" };
      const { revision } = earlier;
      if (revision !== undefined) revisionsOf(headers).showRevision(revision);
      return succeed(contract, { ...call, headers, now: earlier.answeredAt }, again.answer);
    }
    // The marker has just disappeared: another call with this key is being processed.
    if (error instanceof DuplicateKeyError) refuse("key_in_progress");
  }
  if (refused === undefined) return fault(contract, call, error);
  if (!codesOf(contract).includes(refused.code))
    return fault(contract, call, new Error(`The contract does not declare ${refused.code}`));
  return refusalAnswer(refused, call.headers, call.now);
}

/**
 * A transient failure is retryable, and the response says so. Everything else is a 500: a
 * bug, or an internal error of the table that outlasted the SDK's retries.
 */
function fault(contract: Contract, call: Call, error: unknown): APIGatewayProxyResult {
  const { headers, now } = call;
  logFault("A request failed", error, { route: contract.route });
  const isInner = error instanceof Error && error.name === "InternalServerError";
  if (isTransient(error) && !isInner)
    return refusalAnswer(new Refusal("unavailable"), headers, now);
  return faultAnswer(headers, now);
}
