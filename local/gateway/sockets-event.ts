import { randomBytes } from "node:crypto";
import type { WebSocketApi } from "../model.ts";
import type { RestRequest } from "./rest-request.ts";
import { collectFields, findHeader, formatRequestTime } from "./rest-request.ts";

/** The facts about a connection that never change. */
export type ConnectionHead = {
  connectionId: string;
  connectedMilliseconds: number;
  request: RestRequest;
  authorizer?: Record<string, string>;
};

type EventType = "CONNECT" | "MESSAGE" | "DISCONNECT";

/**
 * The context of one event of a connection, for the routes and the authorizer of a WebSocket API.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
 */
export function newSocketContext(
  api: WebSocketApi,
  head: ConnectionHead,
  eventType: EventType,
  routeKey: string,
) {
  const now = Date.now();
  const requestId = newRequestId();
  return {
    routeKey,
    ...(head.authorizer && { authorizer: head.authorizer }),
    ...(eventType === "MESSAGE" && { messageId: newRequestId() }),
    eventType,
    extendedRequestId: requestId,
    requestTime: formatRequestTime(now),
    messageDirection: "IN",
    stage: api.stageName,
    connectedAt: head.connectedMilliseconds,
    requestTimeEpoch: now,
    identity: {
      userAgent: findHeader(head.request, "user-agent") ?? null,
      sourceIp: head.request.sourceIp,
    },
    requestId,
    domainName: findHeader(head.request, "host") ?? "localhost",
    connectionId: head.connectionId,
    apiId: api.id,
  };
}

/** Headers and query of the handshake; the query's fields are absent when there is no query. */
export function handshakeHeadOf(request: RestRequest) {
  const { headers, query } = collectFields(request);
  return {
    headers: headers.last,
    multiValueHeaders: headers.all,
    ...(query.last && {
      queryStringParameters: query.last,
      multiValueQueryStringParameters: query.all,
    }),
  };
}

/** A new id as API Gateway makes them for connections and requests: 15 characters and `=`. */
export function newRequestId(): string {
  return `${randomBytes(11).toString("base64url")}=`;
}
