import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { contextOf, type Role } from "../../platform/auth/caller.ts";

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

/**
 * One call of an endpoint: `key` is its Idempotency-Key; `form`, instead of `body`, has a file and
 * other fields.
 */
type Call = {
  as: string;
  roles?: readonly Role[];
  path?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  form?: { field: string; bytes: Uint8Array<ArrayBuffer>; others?: Record<string, string> };
  key?: string;
};

/** The body as the gateway passes it on, and its content type. */
async function encode({ body, form }: Pick<Call, "body" | "form">) {
  if (form === undefined)
    return {
      type: "application/json",
      event: { body: body === undefined ? null : JSON.stringify(body) },
    };
  const data = new FormData();
  for (const [name, value] of Object.entries(form.others ?? {})) data.append(name, value);
  data.append(form.field, new Blob([form.bytes]), "file");
  const sent = new Response(data);
  const text = Buffer.from(await sent.arrayBuffer()).toString("base64");
  return { type: sent.headers.get("content-type")!, event: { body: text, isBase64Encoded: true } };
}

/** Calls an endpoint as the gateway does for an authorized user. */
export async function callEndpoint(
  handler: unknown,
  { as: userId, roles = [], path = {}, query = {}, key, ...sent }: Call,
): Promise<{
  status: number;
  headers: unknown;
  body: Record<string, unknown>;
  bytes: number;
}> {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  const caller = { userId, roles, claims: {}, tokenId: "", issuedAt: expiresAt - 3600, expiresAt };
  const { type, event: encoded } = await encode(sent);
  const event = {
    path: "/test",
    headers: { "content-type": type, ...(key && { "idempotency-key": key }) },
    pathParameters: Object.fromEntries(
      Object.entries(path).map(([name, value]) => [name, encodeURIComponent(value)]),
    ),
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, [value]]),
    ),
    ...encoded,
    requestContext: { requestId: "request", authorizer: contextOf(caller) },
  };
  const answer = await (handler as Handler)(
    event as unknown as APIGatewayProxyEvent,
    {} as Context,
  );
  const isJson = String(answer.headers?.["content-type"] ?? "").includes("json");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: isJson ? JSON.parse(answer.body || "{}") : {},
    bytes: Buffer.byteLength(answer.body),
  };
}
