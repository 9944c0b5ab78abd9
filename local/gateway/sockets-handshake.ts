import * as z from "zod";
import type { Invoke, Stage, WebSocketApi } from "../model.ts";
import { AuthorizerAnswer, allows, contextOf } from "./rest-policy.ts";
import type { RestRequest } from "./rest-request.ts";
import type { ConnectionHead } from "./sockets-event.ts";
import { handshakeHeadOf, newSocketContext } from "./sockets-event.ts";

/** Whether the socket opens, with the subprotocol selected by $connect, or how it is refused. */
type Handshake =
  | { opens: true; head: ConnectionHead; subprotocol?: string }
  | { opens: false; statusCode: number; by: string };

const ConnectAnswer = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), z.coerce.string()).nullish(),
});

/**
 * Calls the API's functions before a connection opens: the authorizer, then $connect, each of which
 * may refuse.
 */
export async function runHandshake(
  api: WebSocketApi,
  stage: Pick<Stage, "account" | "region">,
  invoke: Invoke,
  request: RestRequest,
  connectionId: string,
): Promise<Handshake> {
  const route = api.routes.$connect;
  const head: ConnectionHead = { connectionId, connectedMilliseconds: Date.now(), request };
  if (route === undefined) return { opens: true, head };
  const refuse = (statusCode: number, by: string): Handshake => ({ opens: false, statusCode, by });

  if (route.authorizer) {
    const { functionName } = route.authorizer;
    const methodArn = `arn:aws:execute-api:${stage.region}:${stage.account}:${api.id}/${api.stageName}/$connect`;
    const result = await invoke(functionName, {
      type: "REQUEST",
      methodArn,
      ...handshakeHeadOf(request),
      requestContext: newSocketContext(api, head, "CONNECT", "$connect"),
    });
    if (!result.ok)
      return refuse(result.error.errorMessage === "Unauthorized" ? 401 : 500, functionName);
    const answer = AuthorizerAnswer.safeParse(result.payload);
    if (!answer.success) return refuse(500, functionName);
    if (!allows(answer.data, methodArn)) return refuse(403, functionName);
    head.authorizer = contextOf(answer.data);
  }

  const result = await invoke(route.functionName, {
    ...handshakeHeadOf(request),
    requestContext: newSocketContext(api, head, "CONNECT", "$connect"),
    isBase64Encoded: false,
  });
  const answer = result.ok ? ConnectAnswer.safeParse(result.payload) : undefined;
  if (!answer?.success) return refuse(502, route.functionName);
  const { statusCode, headers } = answer.data;
  if (statusCode >= 300) return refuse(statusCode, route.functionName);
  const subprotocol = Object.entries(headers ?? {}).find(
    ([name]) => name.toLowerCase() === "sec-websocket-protocol",
  )?.[1];
  return { opens: true, head, ...(subprotocol && { subprotocol }) };
}
