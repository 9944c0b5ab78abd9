import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { contextOf, type Role } from "../../platform/caller.ts";

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

/** One call of an endpoint: `key` is its Idempotency-Key. */
type Call = {
  as: string;
  roles?: readonly Role[];
  path?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  key?: string;
};

/** Calls an endpoint as the gateway does for somebody whom its authorizer knows. */
export async function callEndpoint(
  handler: unknown,
  { as: userId, roles = [], path = {}, query = {}, body, key }: Call,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  const caller = { userId, roles, claims: {}, tokenId: "", issuedAt: expiresAt - 3600, expiresAt };
  const event = {
    headers: { "content-type": "application/json", ...(key && { "idempotency-key": key }) },
    pathParameters: path,
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, [value]]),
    ),
    body: body === undefined ? null : JSON.stringify(body),
    requestContext: { requestId: "request", authorizer: contextOf(caller) },
  };
  const answer = await (handler as Handler)(
    event as unknown as APIGatewayProxyEvent,
    {} as Context,
  );
  return { status: answer.statusCode, body: JSON.parse(answer.body || "{}") };
}
