import { arnByName, attributeByName, defaultNameOf, namedAs, urlOfQueue } from "./names.ts";
import type { Json, JsonObject, Resource, Templates } from "./templates.ts";

type Resolver = (templates: Templates, stack: string, argument: Json) => Json;

/**
 * Resolves every intrinsic function in a template's value. A name can be the result of a function,
 * and a function may need names, so both are here. Throws for the functions and the dynamic
 * references (`{{resolve:ssm:/name}}`) that no stage needs.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
export function resolve(templates: Templates, stack: string, value: Json): Json {
  if (typeof value === "string" && value.includes("{{resolve:"))
    throw new Error(`The runner cannot resolve ${value} (stack ${stack})`);
  if (Array.isArray(value)) return value.map((item) => resolve(templates, stack, item));
  if (value === null || typeof value !== "object") return value;
  const keys = Object.keys(value);
  const only = keys.length === 1 ? keys[0] : undefined;
  if (only !== undefined && (only === "Ref" || only.startsWith("Fn::"))) {
    const resolver = resolvers[only];
    if (resolver === undefined)
      throw new Error(`The runner cannot resolve ${only} (stack ${stack})`);
    return resolver(templates, stack, value[only] ?? null);
  }
  const resolved: JsonObject = {};
  for (const key of keys) resolved[key] = resolve(templates, stack, value[key] ?? null);
  return resolved;
}

/** As `resolve`, for a value that must be text. */
function resolveText(templates: Templates, stack: string, value: Json | undefined): string {
  const resolved = resolve(templates, stack, value ?? null);
  if (typeof resolved === "string") return resolved;
  throw new Error(`Expected text in stack ${stack}, found ${JSON.stringify(value)}`);
}

function asList(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw new Error(`Expected a list, found ${JSON.stringify(value)}`);
  return value;
}

function resolveList(templates: Templates, stack: string, value: Json | undefined): Json[] {
  return asList(resolve(templates, stack, value ?? null));
}

/** `Fn::Sub` with nothing but names of resources, parameters and pseudo parameters. */
function substitute(templates: Templates, stack: string, argument: Json): string {
  const text = resolveText(templates, stack, argument);
  return text.replace(/\$\{([^}]+)\}/g, (_match, name: string) =>
    resolveReference(templates, stack, name),
  );
}

const resolvers: Record<string, Resolver> = {
  Ref: (templates, stack, argument) => resolveReference(templates, stack, String(argument)),
  "Fn::GetAtt": (templates, stack, argument) => {
    const [id, ...rest] = Array.isArray(argument) ? argument : String(argument).split(".");
    return resolveAttribute(templates, stack, String(id), rest.map(String).join("."));
  },
  "Fn::Join": (templates, stack, argument) => {
    const [separator, list] = asList(argument);
    return resolveList(templates, stack, list).map(String).join(String(separator));
  },
  "Fn::Sub": substitute,
  "Fn::ImportValue": (templates, stack, argument) =>
    resolveImport(templates, resolveText(templates, stack, argument)),
  "Fn::GetStackOutput": (templates, _stack, argument) => {
    const { StackName = "", OutputName = "" } = argument as JsonObject;
    const output = templates.stacks.get(String(StackName))?.Outputs?.[String(OutputName)];
    if (output === undefined) throw new Error(`Stack ${StackName} has no output ${OutputName}`);
    return resolve(templates, String(StackName), output.Value);
  },
};

function resolveImport(templates: Templates, name: string): Json {
  for (const [stack, template] of templates.stacks) {
    for (const output of Object.values(template.Outputs ?? {})) {
      if (output.Export && resolve(templates, stack, output.Export.Name) === name)
        return resolve(templates, stack, output.Value);
    }
  }
  throw new Error(`No stack of the assembly exports ${name}`);
}

/** The physical name of a resource: the one in the template, or one derived from its id. */
export function nameResource(templates: Templates, stack: string, id: string): string {
  const resource = getResource(templates, stack, id);
  const named = namedAs(resource);
  if (named) return String(resolve(templates, stack, named));
  return defaultNameOf(templates, stack, id, resource.Type);
}

/** The ARN of a resource of a supported kind; throws for other kinds. */
export function arnOf(templates: Templates, stack: string, id: string): string {
  const { Type } = getResource(templates, stack, id);
  const arn = arnByName(templates, Type, nameResource(templates, stack, id));
  if (arn === undefined)
    throw new Error(`The runner does not support the ARN of ${Type} (${stack}/${id})`);
  return arn;
}

function getResource(templates: Templates, stack: string, id: string): Resource {
  const resource = templates.stacks.get(stack)?.Resources?.[id];
  if (resource === undefined) throw new Error(`Stack ${stack} has no resource ${id}`);
  return resource;
}

/** The result of `Ref`. */
function resolveReference(templates: Templates, stack: string, id: string): string {
  const pseudo: Record<string, string> = {
    "AWS::AccountId": templates.account,
    "AWS::Region": templates.region,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
  };
  const known = Object.hasOwn(pseudo, id) ? pseudo[id] : resolveParameter(templates, stack, id);
  if (known !== undefined) return known;
  const { Type } = getResource(templates, stack, id);
  const name = nameResource(templates, stack, id);
  if (Type === "AWS::SQS::Queue") return urlOfQueue(templates, name);
  // For secrets and topics, Ref returns the ARN, unlike for the other kinds.
  if (Type === "AWS::SecretsManager::Secret" || Type === "AWS::SNS::Topic")
    return arnOf(templates, stack, id);
  return name;
}

/** The runner's value of an SSM parameter; undefined if the template has no such parameter. */
function resolveParameter(templates: Templates, stack: string, id: string): string | undefined {
  const parameter = templates.stacks.get(stack)?.Parameters?.[id];
  if (parameter === undefined) return undefined;
  const { Type = "", Default = "" } = parameter;
  const value = templates.parameters[String(Default)];
  if (value === undefined || !Type.startsWith("AWS::SSM::Parameter::Value"))
    throw new Error(`The runner does not set the parameter ${id} of stack ${stack}: ${Default}`);
  return value;
}

/** The result of `Fn::GetAtt`; throws for unsupported attributes. */
function resolveAttribute(templates: Templates, stack: string, id: string, name: string): string {
  const { Type } = getResource(templates, stack, id);
  if (name === "Arn") return arnOf(templates, stack, id);
  if (name === "StreamArn" && Type === "AWS::DynamoDB::GlobalTable")
    return `${arnOf(templates, stack, id)}/stream/local`;
  const made = attributeByName(templates, Type, name, nameResource(templates, stack, id));
  if (made !== undefined) return made;
  throw new Error(`The runner does not support the attribute ${name} of ${Type} (${stack}/${id})`);
}
