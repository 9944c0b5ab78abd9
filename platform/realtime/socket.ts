import type { APIGatewayProxyResult } from "aws-lambda";
import type * as z from "zod";
import { RequestId } from "../../domain/log/subscriber.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { type Caller, callerOf, countedName } from "../auth/caller.ts";
import { withBans } from "../auth/session.ts";
import { faultCode, sentenceOf, statusOf } from "../http/envelope.ts";
import { parseInput, readJson } from "../http/request.ts";
import { ownPoster, type Poster, payloadOf } from "../push/gateway.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { logFault, withFunctionName } from "../runtime/log.ts";
import { withMetrics } from "../runtime/metrics.ts";
import { withBucket } from "../table/rates.ts";
import { closeReasons } from "./close-codes.ts";
import { closeConnection } from "./closing.ts";
import { type EventType, eventTypeOf, type SocketContract } from "./contract.ts";
import { countEvent, countFloodClose, countRefusedMessage } from "./rate-limit.ts";

/** API Gateway's event for one step of a connection; `$connect` alone has headers and a query. */
export type SocketEvent = {
  requestContext: {
    connectionId: string;
    /** The id of this event; the `requestId` of a message is chosen by its sender. */
    requestId?: string;
    eventType: EventType;
    /** Milliseconds since 1970. */
    connectedAt: number;
    authorizer?: Record<string, unknown> | null;
  };
  headers?: Record<string, string | undefined> | null;
  queryStringParameters?: Record<string, string | undefined> | null;
  body?: string | null;
  isBase64Encoded?: boolean;
};

/**
 * A handler's input. `answer` sends to the caller's own connection. `close` closes it; handlers do
 * so if its items were removed, for example after the gateway wrongly answered a post with 410: the
 * client then opens a new connection, which has its items.
 */
type SocketRequest<C extends SocketContract> = {
  message: C["message"] extends z.ZodType ? z.output<C["message"]> : undefined;
  connectionId: string;
  connectedAt: number;
  /** The gateway may omit it at `$disconnect`, which must clean up nevertheless. */
  caller: C["route"] extends "$disconnect" ? Caller | undefined : Caller;
  requestId: RequestId | undefined;
  event: SocketEvent;
  now: Date;
  answer: (message: Record<string, unknown>) => Promise<void>;
  close: () => Promise<void>;
};

/** What `$connect` may return: a status other than 200 refuses the handshake. */
// biome-ignore lint/suspicious/noConfusingVoidType: A message's handler returns nothing.
type SocketAnswer = void | { statusCode: number; headers?: Record<string, string> };

/** Refusals of every message, which no contract lists. */
const always = ["request_invalid", "token_invalid", "too_many_requests", "unavailable"];

/**
 * Joins the contract of a route of the WebSocket API with the function that handles its messages.
 * Bad input is answered by a message with the request's `requestId`, never by a closed socket. A
 * client can send `{"action":"$connect"}`, so the event's own type decides what it is.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
 * @param openPoster sends the responses; default: API Gateway, replaced by tests.
 */
export function socket<const C extends Omit<SocketContract, "kind">>(
  declaration: C,
  handle: (request: SocketRequest<C & { kind: "socket" }>) => Promise<SocketAnswer>,
  openPoster: () => Poster = ownPoster,
) {
  const grants = withBucket(withBans(declaration.grants));
  const contract = { kind: "socket", ...declaration, grants } as C & { kind: "socket" };
  withFunctionName(handle, contract.route);

  async function handler(event: SocketEvent, context?: TimeLeft): Promise<APIGatewayProxyResult> {
    beginInvocation(context, event.requestContext.requestId);
    const { connectionId, connectedAt, eventType } = event.requestContext;
    const now = new Date();
    let requestId: RequestId | undefined;
    let caller: Caller | undefined;
    const answer = async (message: Record<string, unknown>) => {
      await openPoster().post(connectionId, payloadOf(JSON.stringify({ ...message, requestId })));
    };
    const close = async () => void (await openPoster().close(connectionId));
    try {
      let body: Record<string, unknown> | undefined;
      caller = callerOf(event.requestContext.authorizer);
      if (caller !== undefined) await countEvent(contract, eventType, caller, now);
      if (eventType === "MESSAGE") {
        body = readMessage(event);
        requestId = readRequestId(body);
      }
      if (eventType !== eventTypeOf(contract.route))
        refuse("request_invalid", { problem: "action: expected subscribe, unsubscribe or ping" });
      if (caller === undefined && eventType !== "DISCONNECT") refuse("token_invalid");
      const endsAt = (caller?.expiresAt ?? Number.POSITIVE_INFINITY) * 1000;
      if (body !== undefined && endsAt <= now.getTime()) refuse("token_invalid");
      const message = body && contract.message && parseInput(contract.message, body);
      const origin = { connectionId, connectedAt, caller, requestId, event, now };
      const request = { message, ...origin, answer, close };
      const result = await handle(request as unknown as SocketRequest<typeof contract>);
      return { body: "", ...(result ?? { statusCode: 200 }) };
    } catch (error) {
      const failure = errorOf(contract, error, connectionId);
      if (eventType === "CONNECT") return { statusCode: failure.statusCode, body: "" };
      if (eventType === "MESSAGE") {
        const isFlood = error instanceof Refusal && error.kind === "too_many";
        if (isFlood) requestId = findRequestId(event);
        if (!isFlood || (await countFlood(openPoster, connectionId, caller, now)))
          await answer({ type: "error", ...failure });
      }
      return { statusCode: 200, body: "" };
    }
  }

  return { contract, handler: withMetrics(handler) };
}

/** Counts a message above the rate; too many close the connection. Returns whether to answer. */
async function countFlood(
  openPoster: () => Poster,
  connectionId: string,
  caller: Caller | undefined,
  now: Date,
): Promise<boolean> {
  const next = await countRefusedMessage(connectionId, now, caller);
  if (next === "close") {
    await closeConnection(openPoster(), connectionId, closeReasons.rateLimited, isOpen);
    if (caller !== undefined) await countFloodClose(countedName(caller), now);
  }
  return next === "answer";
}

/** The `mayBeOpening` of a connection that has sent a message: it is open. */
const isOpen = async () => false;

/** A message's text as a JSON object. API Gateway closes connections that send binary messages. */
function readMessage(event: SocketEvent): Record<string, unknown> {
  const text = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  return readJson(text.toString("utf8")) as Record<string, unknown>;
}

function readRequestId(body: Record<string, unknown>): RequestId | undefined {
  const { success, data } = RequestId.optional().safeParse(body.requestId);
  return success ? data : undefined;
}

/** The `requestId` of a refused message, if it can be read. */
function findRequestId(event: SocketEvent): RequestId | undefined {
  try {
    return readRequestId(readMessage(event));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/**
 * The status, code and sentences of a failure; failures that are not refusals are described only in
 * the log.
 */
function errorOf(contract: SocketContract, error: unknown, connectionId: string) {
  const declared =
    error instanceof Refusal && [...always, ...(contract.refusals ?? [])].includes(error.code);
  if (!declared) {
    logFault("A socket's message failed", error, { route: contract.route, connectionId });
    return { statusCode: 500, code: faultCode, errors: [sentenceOf[500]] };
  }
  const statusCode = statusOf[error.kind];
  return { statusCode, code: error.code, errors: [sentenceOf[statusCode], ...error.details] };
}
