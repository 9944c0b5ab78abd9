/** The description of the WebSocket API: actions of clients, and messages of the server. */
import { Shape } from "./operation.tsx";
import { Prose } from "./prose.tsx";
import { type Described, eventTypeName, type Schemas, typeName } from "./schema.ts";

type Message = {
  name: string;
  summary?: string;
  payload: Described;
  examples?: { payload: unknown }[];
};
type Reference = { $ref: string };
/** The part of an AsyncAPI document that the page shows. */
export type AsyncApi = {
  info: { title: string; description: string };
  operations: Record<
    string,
    { action: "send" | "receive"; summary: string; description?: string; messages: Reference[] }
  >;
  components: { messages: Record<string, Message>; schemas: Schemas };
};

/** One action, message or event. */
export type SocketPart = {
  id: string;
  group: "Actions" | "Messages" | "Events";
  name: string;
  says: string;
  description?: string;
  schema: Described;
};

const eventPrefix = "event.";

/** Actions, then server messages, then the events in frames. */
export function partsOf({ operations, components }: AsyncApi): SocketPart[] {
  const { messages, schemas } = components;
  const actions = Object.entries(operations).filter(([, { action }]) => action === "receive");
  const isAction = (name: string) => actions.some(([action]) => action === name);
  const sent = Object.entries(messages).filter(([name]) => !isAction(name));
  const events = Object.entries(schemas).filter(([name]) => name.startsWith(eventPrefix));
  return [
    ...actions.map(([name, { summary, description }]) => ({
      id: name,
      group: "Actions" as const,
      name,
      says: summary,
      ...(description && { description }),
      schema: schemaOf(messages[name]!),
    })),
    ...sent.map(([name, message]) => ({
      id: name,
      group: "Messages" as const,
      name,
      says: message.summary ?? "",
      schema: schemaOf(message),
    })),
    ...events.map(([given, schema]) => {
      const name = given.slice(eventPrefix.length);
      const data = schema.properties?.data?.description ?? "";
      const says = schema.description ?? data;
      return { id: name, group: "Events" as const, name, says, schema };
    }),
  ];
}

/** The schema of a message; a recorded message is more useful than a generated example. */
function schemaOf({ payload, examples }: Message): Described {
  const [first] = examples ?? [];
  return first === undefined ? payload : { ...payload, example: first.payload };
}

/** One action, message or event with its type and an example. */
export function EventPart({ part, schemas }: { part: SocketPart; schemas: Schemas }) {
  const { id, group, name, says, description, schema } = part;
  const title = `${id}-title`;
  const nameOf = group === "Events" ? eventTypeName : typeName;
  return (
    <section id={id} class="operation" aria-labelledby={title}>
      <div class="text">
        <h3 id={title}>
          <a href={`#${id}`}>
            <code>{name}</code>
          </a>
        </h3>
        <p class="quiet">{direction[group]}</p>
        {says && <p>{says}</p>}
        {description && <Prose text={description} />}
      </div>
      <div class="aside">
        <Shape name={nameOf(name)} schema={schema} schemas={schemas} />
      </div>
    </section>
  );
}

const direction = {
  Actions: "Sent by clients.",
  Messages: "Sent by the server.",
  Events: "Sent in the events list of a frame, and to webhooks.",
};
