import { randomBytes, randomInt } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type * as z from "zod";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { commonHeaders, errorCodeHeader, faultCode } from "../http/envelope.ts";
import { hasTrailingSlash, header, parseInput, readKey } from "../http/request.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { newId } from "../runtime/id.ts";
import { logFault, withFunctionName } from "../runtime/log.ts";
import { countMetric, withMetrics } from "../runtime/metrics.ts";
import { pause } from "../table/conflicts.ts";
import {
  claimCall,
  externalIdOf,
  findAnswered,
  type KeyedCall,
  keyedCall,
  markerAction,
} from "../table/idempotency.ts";
import { DuplicateKeyError, type Reply } from "../table/transact.ts";
import { type Administrator, admitAdministrator } from "./administrator.ts";
import { internalError, ok, outcomeOf, unknownCommand } from "./codes.ts";
import { type CommandContract, commonCodes } from "./contract.ts";
import { admitCall } from "./rate.ts";
import { readCommandBody } from "./request.ts";

type Out<S> = S extends z.ZodType ? z.output<S> : undefined;
type Addition<C extends CommandContract> = z.input<
  C["answer"] extends z.ZodObject ? C["answer"] : z.ZodVoid
>;

/** The input of a handler: everything is validated, and the clock and ids are passed in. */
export type CommandRequest<C extends CommandContract> = {
  /** A path such as `/live_engine_http_srv/send_gift`. */
  path: string;
  body: Out<C["body"]>;
  caller: Administrator;
  now: Date;
  /** The caller's address, as seen by the gateway. */
  clientIp: string;
  /** A new id in ObjectId form. */
  newId: () => string;
  /**
   * An id for other systems, derived from the call's Idempotency-Key: the same for each repetition.
   */
  externalId?: string;
  /**
   * Runs an effect outside of the table: never for a key that already has a response, which ends
   * the call, nor for two calls with one key at once.
   */
  runExclusive: <A>(act: () => Promise<A>) => Promise<A>;
  /** Checks the addition and ties the response to the call's key: pass the reply to the store. */
  idempotentReply: (addition: Addition<C>) => Reply<Addition<C>>;
};

/** The state of a call while it is processed; error responses need it too. */
type Call = {
  now: Date;
  headers: Record<string, string>;
  requestId: string;
  keyed?: KeyedCall;
};

/**
 * The counterpart of `endpoint` for Tencent's REST API: always HTTP 200, the outcome is in the
 * body, and refusals become Tencent's codes. Order of checks: command, application, UserSig,
 * administrator, rate, body, fields; then the handler's. The handler's result is added to the
 * common response. Rates of 200 a second are enforced by the gateway, the rate of 1 a second here.
 */
export function command<const C extends Omit<CommandContract, "kind">>(
  declaration: C,
  handle: (
    request: CommandRequest<C & { kind: "command" }>,
  ) => Promise<Addition<C & { kind: "command" }>>,
) {
  const grants = withOwnGrants(declaration);
  const contract = { kind: "command", ...declaration, grants } as C & { kind: "command" };
  withFunctionName(handle, contract.command);

  async function serve(event: APIGatewayProxyEvent, call: Call): Promise<APIGatewayProxyResult> {
    const { now } = call;
    const given: Record<string, unknown> = {
      path: event.path,
      now,
      clientIp: event.requestContext.identity?.sourceIp ?? "",
      newId: () => newId(now),
      idempotentReply: (addition: unknown) => remembered(contract, call, addition),
      runExclusive: (act: () => Promise<unknown>) => runExclusive(call, act),
    };
    if (contract.command !== "*") {
      const caller = await admitAdministrator(event, now);
      if (contract.callsPerSecond === 1)
        await admitCall(caller.sdkAppId, nameOf(contract.command), now);
      const body = readCommandBody(event);
      given.caller = caller;
      given.body = contract.body && parseInput(contract.body, body);
      const key = contract.idempotencyKey && readKey(event);
      if (key !== undefined)
        call.keyed = keyedCall(caller.identifier, `POST /v4/${contract.command}`, key, given.body);
      given.externalId = call.keyed && externalIdOf(call.keyed);
    }
    const addition = await handle(given as CommandRequest<typeof contract>);
    return send(call, answerOf(contract, call, addition));
  }

  /** Handles REST API proxy events, as `endpoint` does. */
  async function handler(
    event: APIGatewayProxyEvent,
    context?: TimeLeft,
  ): Promise<APIGatewayProxyResult> {
    beginInvocation(context, event.requestContext.requestId);
    const call = begin(event);
    if (hasTrailingSlash(event)) return refused(call, unknownCommand(event.path));
    try {
      return await serve(event, call);
    } catch (error) {
      return answerError(contract, call, error).catch((other: unknown) =>
        other instanceof Refusal ? refused(call, other) : fault(contract, call, other),
      );
    }
  }

  return { contract, handler: withMetrics(handler) };
}

const nameOf = (path: string) => path.slice(path.indexOf("/") + 1);

/** Adds what `command` itself uses: the application's key and the item of its rate. */
function withOwnGrants({ command, callsPerSecond, grants }: Omit<CommandContract, "kind">) {
  if (command === "*") return grants;
  const write = callsPerSecond === 1 ? [...(grants.write ?? []), "RATE" as const] : grants.write;
  return { ...grants, ...(write && { write }), tencentSecret: true as const };
}

let sequence = randomInt(100_000);

/** Tencent's form of request ids: `Id-<32 hex>-O-Seq-<digits>`. */
const newRequestId = () => `Id-${randomBytes(16).toString("hex")}-O-Seq-${++sequence}`;

function begin(event: APIGatewayProxyEvent): Call {
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  return { now: new Date(), headers, requestId: newRequestId() };
}

function answerOf(contract: CommandContract, { requestId }: Call, addition: unknown) {
  return { ...ok, RequestId: requestId, ...contract.answer?.parse(addition) };
}

function remembered(contract: CommandContract, call: Call, addition: unknown): Reply<unknown> {
  const answer = answerOf(contract, call, addition);
  const remember =
    call.keyed === undefined ? [] : [markerAction(call.keyed, 200, answer, call.now)];
  return { answer: addition, remember };
}

async function runExclusive<A>({ keyed, now }: Call, act: () => Promise<A>): Promise<A> {
  if (keyed === undefined) return act();
  const releaseClaim = await claimCall(keyed, now);
  try {
    if ((await findAnswered(keyed, now)) !== undefined) throw new DuplicateKeyError();
    return await act();
  } finally {
    await releaseClaim();
  }
}

const send = ({ headers }: Call, body: unknown): APIGatewayProxyResult => ({
  statusCode: 200,
  headers,
  body: JSON.stringify(body),
});

const failed = ({ headers, ...call }: Call, outcome: object, code: string) =>
  send(
    { ...call, headers: { ...headers, [errorCodeHeader]: code } },
    { ...outcome, RequestId: call.requestId },
  );

const refused = (call: Call, refusal: Refusal) => failed(call, outcomeOf(refusal), refusal.code);

async function answerError(contract: CommandContract, call: Call, error: unknown) {
  const refusal = error instanceof Refusal ? error : undefined;
  if (call.keyed !== undefined && (error instanceof DuplicateKeyError || refusal !== undefined)) {
    const inProgress = error instanceof DuplicateKeyError || refusal?.code === "key_in_progress";
    const answered = await findAnswer(call.keyed, call.now, inProgress);
    if (answered !== undefined)
      return send(
        { ...call, headers: { ...call.headers, "idempotency-replayed": "true" } },
        answered,
      );
    if (inProgress) refuse("key_in_progress");
  }
  if (refusal === undefined) return fault(contract, call, error);
  if (![...commonCodes, ...(contract.refusals ?? [])].includes(refusal.code))
    return fault(contract, call, new Error(`The contract does not declare ${refusal.code}`));
  return refused(call, refusal);
}

/** How often it looks, with growing pauses, for the response of a call in progress. */
const looksMax = 6;

/**
 * The response that is stored for the call's key, if any. Waits briefly for it while another call
 * with the key is in progress.
 */
async function findAnswer(call: KeyedCall, now: Date, inProgress: boolean): Promise<unknown> {
  for (let look = 1; ; look++) {
    const answered = await findAnswered(call, now);
    if (answered === "another_request") refuse("key_reused");
    if (answered !== undefined) return answered.answer;
    if (!inProgress || look >= looksMax) return undefined;
    await pause(look + 2);
  }
}

function fault(contract: CommandContract, call: Call, error: unknown): APIGatewayProxyResult {
  const { requestId: tencentRequestId } = call;
  countMetric("CommandFaults");
  logFault("A command failed", error, { command: contract.command, tencentRequestId });
  return failed(call, internalError, faultCode);
}
