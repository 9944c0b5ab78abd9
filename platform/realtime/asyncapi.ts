import * as z from "zod";
import { serverMessages } from "../../domain/log/server-message.ts";
import { refusals } from "../../domain/refusal.ts";
import { apiVersion } from "../http/contract.ts";
import { sentenceOf, statusOf } from "../http/envelope.ts";
import { webhookMessages } from "../webhooks/asyncapi.ts";
import type { SocketContract } from "./contract.ts";

/** One route of the WebSocket API: its name in the route table and its contract. */
type SocketRoute = { name: string; contract: SocketContract };

const description = `Ovation's push API over WebSocket.

The frames of each stream are numbered 1, 2, 3 … without gaps and kept for 24 hours. A client that
follows four rules receives each event exactly once and in order, whatever fails: (1) Drop a frame
whose number is not larger than the last one. (2) Subscribe again with \`since\` at a gap (or if the
head in a \`pong\` is still missing after 3 s), at a frame of another epoch, or when a \`pong\` does not
name the stream. Do not process the frame after the gap: it is sent again. (3) Repeat a
\`subscribe\` that gets no response within 3 s, one at a time. (4) Accept a \`subscribed\` only once,
and only as the response to the newest \`subscribe\`.

Connect with \`?token=JWT\`, or offer the subprotocols \`bearer, JWT\`. Instead of a token you can
pass a \`?ticket=\` (\`POST /api/v1/ws-tickets\`), which opens one socket. An overlay connects with
\`?key=\` and the \`streamId\` of its stream, or the \`channel\` of its host: it can only read those
frames, has no user and does not count as a viewer. With \`streamId\` (and \`since\` as
\`<epoch>:<frame>\`) in the URL, the first message is its \`subscribed\`. The response to invalid
input is an \`error\`; the socket stays open.`;

/**
 * The AsyncAPI 3.0 document of the WebSocket API, generated from the routes' contracts and the
 * schemas of sent messages.
 * https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApiDocument(routes: readonly SocketRoute[]) {
  const schemas: Schemas = {};
  const actions = routes.filter(({ contract }) => !contract.route.startsWith("$"));
  const requests = Object.fromEntries(
    actions.map(({ contract }) => [contract.route, request(contract, schemas)]),
  );
  const responses = Object.fromEntries(
    Object.entries(serverMessages).map(([name, schema]) => [name, message(name, schema, schemas)]),
  );
  const posted = Object.fromEntries(
    webhookMessages.map(({ name, summary, payload, headers }) => [
      name,
      {
        name,
        summary,
        headers: schemaOf(headers, schemas),
        payload: schemaOf(payload, schemas),
      },
    ]),
  );
  const reference = (name: string) => ({ $ref: `#/components/messages/${name}` });
  const inChannel = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });
  const names = [...Object.keys(requests), ...Object.keys(responses)];
  return {
    asyncapi: "3.0.0",
    info: { title: "Ovation", version: apiVersion, description },
    defaultContentType: "application/json",
    channels: {
      socket: {
        address: "/ws",
        description: "One socket can carry several streams",
        messages: Object.fromEntries(names.map((name) => [name, reference(name)])),
        bindings: { ws: { method: "GET", query: querySchema } },
      },
      webhook: {
        description:
          "The URL that an admin sets for a webhook; it receives one HTTP POST per event",
        messages: Object.fromEntries(Object.keys(posted).map((name) => [name, reference(name)])),
        bindings: { http: {} },
      },
    },
    operations: {
      ...Object.fromEntries(
        actions.map(({ contract }) => [contract.route, operation(contract, inChannel)]),
      ),
      push: {
        action: "send",
        channel: { $ref: "#/channels/socket" },
        summary: "Push frames, notifications and the closing of the connection",
        messages: [
          "events",
          "compact",
          "deflate",
          "notification",
          "channel",
          "unsubscribed",
          "closing",
        ].map(inChannel),
      },
      deliver: {
        action: "send",
        channel: { $ref: "#/channels/webhook" },
        summary: "Send a signed event to a webhook, at least once",
        messages: Object.keys(posted).map((name) => ({
          $ref: `#/channels/webhook/messages/${name}`,
        })),
      },
    },
    components: {
      messages: { ...requests, ...responses, ...posted },
      schemas,
      securitySchemes: {
        token: { type: "httpApiKey", name: "token", in: "query", description: "A JWT" },
        ticket: { type: "httpApiKey", name: "ticket", in: "query", description: "A ticket" },
        key: { type: "httpApiKey", name: "key", in: "query", description: "An overlay key" },
      },
    },
  };
}

const querySchema = {
  type: "object",
  properties: {
    token: { type: "string", description: "The JWT, unless it is sent as a subprotocol" },
    ticket: { type: "string", description: "A ticket, instead of a token" },
    key: { type: "string", description: "An overlay key, instead of a token" },
    channel: { type: "string", description: "The host whose channel an overlay key is for" },
    streamId: { type: "string", pattern: "^[0-9a-fA-F]{24}$" },
    since: { type: "string", pattern: "^[A-Za-z0-9_-]{1,32}:[0-9]{1,15}$" },
    frame: { const: "compact", description: "Receive frames as `compact` or `deflate`" },
    moves: {
      const: "1",
      description: "The client supports `moved`: if a relay serves the stream, open a socket there",
    },
  },
};

type Schemas = Record<string, object>;

/** A message's JSON Schema. Named schemas are moved to `schemas`, where messages share them. */
function schemaOf(schema: z.ZodType, schemas: Schemas): Record<string, unknown> {
  const document = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const text = JSON.stringify(document).replaceAll("#/$defs/", "#/components/schemas/");
  const { $schema: _, $defs = {}, ...fields } = JSON.parse(text);
  Object.assign(schemas, $defs);
  return fields;
}

/** The message of an action, including its `action` field. */
function request({ route, summary, message: fields }: SocketContract, schemas: Schemas) {
  const schema = z.object({ action: z.literal(route), ...fields?.shape });
  return { name: route, summary, payload: schemaOf(schema, schemas) };
}

function message(name: string, schema: z.ZodType, schemas: Schemas) {
  const { description: summary, ...payload } = schemaOf(schema, schemas);
  return { name, summary, payload };
}

const answers: Record<string, string[]> = {
  subscribe: ["subscribed", "moved"],
  unsubscribe: ["unsubscribed"],
  ping: ["pong"],
};

function operation(
  { route, summary, refusals: codes = [] }: SocketContract,
  inChannel: (name: string) => object,
) {
  const no = codes.map((code) => {
    const { kind, sentence } = refusals[code];
    return `* ${statusOf[kind]} \`${code}\`, ${sentenceOf[statusOf[kind]]}: ${sentence}`;
  });
  return {
    action: "receive",
    channel: { $ref: "#/channels/socket" },
    summary,
    ...(no.length > 0 && { description: `Refusals:\n\n${no.join("\n")}` }),
    messages: [inChannel(route)],
    reply: {
      channel: { $ref: "#/channels/socket" },
      messages: [...(answers[route] ?? []), "error"].map(inChannel),
    },
    security: ["token", "ticket", "key"].map((name) => ({
      $ref: `#/components/securitySchemes/${name}`,
    })),
  };
}
