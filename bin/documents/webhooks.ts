type Schemas = Record<string, unknown>;
type OpenApi = { components?: { schemas?: Schemas } };

/** The part of the AsyncAPI document that describes webhook deliveries. */
type Described = {
  messages: Record<
    string,
    { summary?: unknown; payload: object; headers?: { properties?: Record<string, object> } }
  >;
  schemas: Schemas;
};

/** The prefix of event types in the names of webhook messages. */
const prefix = "webhook.";
const testMessage = "webhook.test";

const answers = {
  "2XX": { description: "Received: the event is not sent again" },
  "410": { description: "The webhook is disabled" },
};

/**
 * Returns the OpenAPI document with the webhook deliveries of the AsyncAPI document, and the
 * schemas that they need.
 */
export function withWebhooks<D extends OpenApi>(document: D, { messages, schemas }: Described) {
  const posted = Object.entries(messages).filter(([name]) => name.startsWith(prefix));
  const webhooks = Object.fromEntries(
    posted.map(([name, { summary, payload, headers }]) => [
      name === testMessage ? name : name.slice(prefix.length),
      {
        post: {
          operationId: name,
          summary,
          tags: ["Webhooks"],
          security: [],
          parameters: Object.keys(headers?.properties ?? {}).map((header) => ({
            $ref: `#/components/parameters/${header}`,
          })),
          requestBody: { required: true, content: { "application/json": { schema: payload } } },
          responses: answers,
        },
      },
    ]),
  );
  const headers = Object.assign({}, ...posted.map(([, { headers }]) => headers?.properties));
  const parameters = Object.fromEntries(
    Object.entries<{ description?: string }>(headers).map(([name, { description, ...schema }]) => [
      name,
      { in: "header", name, required: true, description, schema },
    ]),
  );
  const all = { ...document.components?.schemas };
  const missing: unknown[] = [webhooks];
  for (const one of missing)
    for (const [, name = ""] of JSON.stringify(one).matchAll(
      /"#\/components\/schemas\/([^"]+)"/g,
    )) {
      if (all[name] !== undefined || schemas[name] === undefined) continue;
      all[name] = schemas[name];
      missing.push(schemas[name]);
    }
  return {
    ...document,
    webhooks,
    components: { ...document.components, parameters, schemas: all },
  };
}
