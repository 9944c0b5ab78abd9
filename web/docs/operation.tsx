import { typeOf } from "../../bin/documents/schema-types.ts";
import { Code } from "./code.tsx";
import type { Failure, Operation, Parameter } from "./document.ts";
import { Line, Prose } from "./prose.tsx";
import { base } from "./router.ts";
import { type Described, exampleOf, limitsOf, type Schemas, typesOf } from "./schema.ts";
import { TryIt } from "./try-it.tsx";

type Props = { operation: Operation; schemas: Schemas };

/** One operation: its purpose, parameters, responses and errors. */
export function OperationPart({ operation, schemas }: Props) {
  const { operationId, method, path, summary, description, security } = operation;
  const { parameters = [], body, answer, failures } = operation;
  const title = `${operationId}-title`;
  return (
    <section id={operationId} class="operation" aria-labelledby={title}>
      <div class="text">
        <h3 id={title}>
          <a href={`#${operationId}`}>{summary}</a>
        </h3>
        <p class="route">
          <span class={`method ${method.toLowerCase()}`}>{method}</span> <code>{path}</code>
        </p>
        <p class="quiet">{callerSays(security)}</p>
        {description && <Prose text={description} />}
        {parameters.length > 0 && <Parameters parameters={parameters} />}
        {body && (
          <Code
            title={body.isRequired ? "Body" : "Body (optional)"}
            text={typesOf("Body", body.schema, schemas)}
          />
        )}
        <AnswerPart answer={answer} schemas={schemas} />
        {failures.length > 0 && <Failures failures={failures} />}
      </div>
      <div class="aside">
        <div class="stay">
          <TryIt operation={operation} schemas={schemas} />
        </div>
      </div>
    </section>
  );
}

function callerSays(security: object[]): string {
  if (security.length === 0) return "No token required.";
  return security.length > 1 ? "Token optional." : "Token required.";
}

function Parameters({ parameters }: { parameters: Parameter[] }) {
  return (
    <>
      <h4>Parameters</h4>
      <dl class="fields">
        {parameters.map(({ name, in: where, required, description, schema }) => (
          <div key={`${where}-${name}`}>
            <dt>
              <code>{name}</code> <span class="quiet">{where}</span>{" "}
              {required && <span class="required">required</span>}
            </dt>
            <dd>
              <code class="quiet">{typeOf(schema)}</code>{" "}
              {[description, limitsOf(schema)].filter(Boolean).join(" · ")}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function AnswerPart({ answer, schemas }: { answer: Operation["answer"]; schemas: Schemas }) {
  const { status, schema } = answer;
  if (schema === undefined)
    return (
      <p>
        Response <strong class="good">{status}</strong>
        {status === "204" && " without a body"}.
      </p>
    );
  return (
    <details>
      <summary>
        Response <strong class="good">{status}</strong>: type and example
      </summary>
      <Shape name="Response" schema={schema} schemas={schemas} />
    </details>
  );
}

/** A schema as a type and an example. */
export function Shape(props: { name: string; schema: Described; schemas: Schemas }) {
  const { name, schema, schemas } = props;
  return (
    <>
      <Code title="TypeScript" text={typesOf(name, schema, schemas)} />
      <Code
        title="Example"
        text={JSON.stringify(exampleOf(schema, schemas), undefined, 2)}
        copies="Copy"
      />
    </>
  );
}

function Failures({ failures }: { failures: Failure[] }) {
  return (
    <details>
      <summary>Errors: {failures.map(({ status }) => status).join(", ")}</summary>
      <dl class="fields">
        {failures.map(({ status, says, details, codes }) => (
          <div key={status}>
            <dt>
              <strong class="bad">{status}</strong> {says}
            </dt>
            {details.map((detail) => (
              <dd key={detail}>
                <Line text={detail} />
              </dd>
            ))}
            <dd class="codes">
              {codes.map((code) => (
                <a key={code} href={`${base}/docs/guides#errors-${code}`}>
                  <code>{code}</code>
                </a>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
