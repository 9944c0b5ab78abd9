/**
 * The events of a WebSocket API's routes and authorizer.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
 */
import { randomBytes } from "node:crypto";
import type { WebSocketApi } from "../model.ts";
import type { RestRequest } from "./rest-request.ts";
import { collectFields, findHeader, formatRequestTime } from "./rest-request.ts";

/** What stays the same for one connection. */
export type ConnectionHead = {
  connectionId: string;
  connectedMilliseconds: number;
  request: RestRequest;
  authorizer?: Record<string, string>;
};

type EventType = "CONNECT" | "MESSAGE" | "DISCONNECT";

/** Makes the context of one event of a connection. */
export function makeSocketContext(
  api: WebSocketApi,
  head: ConnectionHead,
  eventType: EventType,
  routeKey: string,
) {
  const now = Date.now();
  const requestId = makeRequestId();
  return {
    routeKey,
    ...(head.authorizer && { authorizer: head.authorizer }),
    ...(eventType === "MESSAGE" && { messageId: makeRequestId() }),
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
export function makeHandshakeHead(request: RestRequest) {
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

/** An id as API Gateway makes them for connections and requests: 15 characters and `=`. */
export function makeRequestId(): string {
  return `${randomBytes(11).toString("base64url")}=`;
}
