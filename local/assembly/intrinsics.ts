import { arnByName, attributeByName, defaultNameOf, namedAs, urlOfQueue } from "./names.ts";
import type { Json, JsonObject, Resource, Templates } from "./templates.ts";

type Resolver = (templates: Templates, stack: string, argument: Json) => Json | undefined;

/**
 * Resolves every intrinsic function in a template's value; AWS::NoValue disappears. A name can be
 * the result of a function, and a function may need names, so both are here.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
export function resolve(templates: Templates, stack: string, value: Json): Json | undefined {
  if (typeof value === "string") return resolveDynamicReferences(templates, value);
  if (Array.isArray(value)) {
    return value
      .map((item) => resolve(templates, stack, item))
      .filter((item) => item !== undefined);
  }
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
  for (const key of keys) {
    const item = resolve(templates, stack, value[key] ?? null);
    if (item !== undefined) resolved[key] = item;
  }
  return resolved;
}

/** As `resolve`, for a value that must be text. */
function resolveText(templates: Templates, stack: string, value: Json | undefined): string {
  const resolved = value === undefined ? undefined : resolve(templates, stack, value);
  if (typeof resolved === "string") return resolved;
  if (typeof resolved === "number" || typeof resolved === "boolean") return String(resolved);
  throw new Error(`Expected text in stack ${stack}, found ${JSON.stringify(value)}`);
}

/** Whether a condition of a template holds. Throws if there is no such condition. */
export function holds(templates: Templates, stack: string, name: string): boolean {
  const condition = templates.stacks.get(stack)?.Conditions?.[name];
  if (condition === undefined) throw new Error(`Stack ${stack} has no condition ${name}`);
  return isTrue(templates, stack, condition);
}

function isTrue(templates: Templates, stack: string, condition: Json): boolean {
  if (typeof condition === "object" && condition !== null && !Array.isArray(condition)) {
    if (typeof condition.Condition === "string")
      return holds(templates, stack, condition.Condition);
    const every = condition["Fn::And"];
    if (every) return asList(every).every((part) => isTrue(templates, stack, part));
    const some = condition["Fn::Or"];
    if (some) return asList(some).some((part) => isTrue(templates, stack, part));
    const not = condition["Fn::Not"];
    if (not) return !isTrue(templates, stack, asList(not)[0] ?? null);
    const equals = condition["Fn::Equals"];
    if (equals) {
      const [left, right] = asList(equals).map((part) => resolve(templates, stack, part));
      return String(left) === String(right);
    }
  }
  throw new Error(`The runner cannot evaluate ${JSON.stringify(condition)} (stack ${stack})`);
}

function asList(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw new Error(`Expected a list, found ${JSON.stringify(value)}`);
  return value;
}

function resolveList(templates: Templates, stack: string, value: Json | undefined): Json[] {
  return asList(resolve(templates, stack, value ?? null));
}

function substitute(templates: Templates, stack: string, argument: Json): string {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = (variables ?? {}) as JsonObject;
  return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_match, escaped: string, name: string) => {
    if (escaped) return `\${${name}}`;
    if (Object.hasOwn(own, name)) return resolveText(templates, stack, own[name]);
    const dot = name.indexOf(".");
    if (dot < 0) return String(resolveReference(templates, stack, name) ?? "");
    return String(resolveAttribute(templates, stack, name.slice(0, dot), name.slice(dot + 1)));
  });
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
  "Fn::Split": (templates, stack, argument) => {
    const [separator, text] = asList(argument);
    return resolveText(templates, stack, text).split(String(separator));
  },
  "Fn::Select": (templates, stack, argument) => {
    const [index, list] = asList(argument);
    const chosen = resolveList(templates, stack, list)[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select finds nothing (stack ${stack})`);
    return chosen;
  },
  "Fn::Sub": substitute,
  "Fn::ImportValue": (templates, stack, argument) =>
    resolveImport(templates, resolveText(templates, stack, argument)),
  "Fn::GetStackOutput": (templates, _stack, argument) => {
    const { StackName = "", OutputName = "" } = argument as JsonObject;
    const output = templates.stacks.get(String(StackName))?.Outputs?.[String(OutputName)];
    if (output === undefined) throw new Error(`Stack ${StackName} has no output ${OutputName}`);
    return resolve(templates, String(StackName), output.Value) ?? "";
  },
  "Fn::If": (templates, stack, argument) => {
    const [name, yes, no] = asList(argument);
    const branch = holds(templates, stack, String(name)) ? yes : no;
    return resolve(templates, stack, branch ?? null);
  },
  "Fn::FindInMap": (templates, stack, argument) => {
    const [map, first, second] = resolveList(templates, stack, argument).map(String);
    const found = templates.stacks.get(stack)?.Mappings?.[map ?? ""]?.[first ?? ""]?.[second ?? ""];
    if (found === undefined) throw new Error(`Stack ${stack} has no mapping ${map} ${first}`);
    return found;
  },
  "Fn::Base64": (templates, stack, argument) =>
    Buffer.from(resolveText(templates, stack, argument)).toString("base64"),
};

function resolveDynamicReferences(templates: Templates, text: string): string {
  if (!text.includes("{{resolve:ssm:")) return text;
  return text.replace(/\{\{resolve:ssm:([^:}]+)(?::\d+)?\}\}/g, (_match, name: string) =>
    resolveSsmParameter(templates, name),
  );
}

function resolveImport(templates: Templates, name: string): Json | undefined {
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

/** The result of `Ref`; undefined for AWS::NoValue. */
function resolveReference(templates: Templates, stack: string, id: string): Json | undefined {
  if (id === "AWS::NoValue") return undefined;
  const pseudo: Record<string, string> = {
    "AWS::AccountId": templates.account,
    "AWS::Region": templates.region,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stack,
    "AWS::StackId": `arn:aws:cloudformation:${templates.region}:${templates.account}:stack/${stack}`,
  };
  if (Object.hasOwn(pseudo, id)) return pseudo[id];
  const template = templates.stacks.get(stack);
  const parameter = template?.Parameters?.[id];
  if (parameter !== undefined) return resolveParameter(templates, stack, id, parameter);
  const { Type } = getResource(templates, stack, id);
  const name = nameResource(templates, stack, id);
  if (Type === "AWS::SQS::Queue") return urlOfQueue(templates, name);
  // For secrets and topics, Ref returns the ARN, unlike for the other kinds.
  if (Type === "AWS::SecretsManager::Secret" || Type === "AWS::SNS::Topic")
    return arnOf(templates, stack, id);
  return name;
}

function resolveParameter(
  templates: Templates,
  stack: string,
  id: string,
  parameter: { Type?: string; Default?: Json },
): Json {
  if (parameter.Default === undefined)
    throw new Error(`Parameter ${id} of stack ${stack} has no default value`);
  if (!parameter.Type?.startsWith("AWS::SSM::Parameter::Value")) return parameter.Default;
  return resolveSsmParameter(templates, String(parameter.Default));
}

/** The value of an SSM parameter: the runner's own, or that of a resource of the assembly. */
function resolveSsmParameter(templates: Templates, name: string): string {
  const override = templates.parameters[name];
  if (override !== undefined) return override;
  for (const [stack, template] of templates.stacks) {
    for (const resource of Object.values(template.Resources ?? {})) {
      if (resource.Type !== "AWS::SSM::Parameter") continue;
      const { Name, Value } = resource.Properties ?? {};
      if (Name !== undefined && resolve(templates, stack, Name) === name)
        return String(resolve(templates, stack, Value ?? ""));
    }
  }
  throw new Error(`The SSM parameter ${name} is neither in a template nor set by the runner`);
}

/** The result of `Fn::GetAtt`; throws for unsupported attributes. */
function resolveAttribute(templates: Templates, stack: string, id: string, name: string): Json {
  const { Type, Properties: properties = {} } = getResource(templates, stack, id);
  if (name === "Arn") return arnOf(templates, stack, id);
  if (name === "StreamArn" && Type.startsWith("AWS::DynamoDB::"))
    return `${arnOf(templates, stack, id)}/stream/local`;
  if (name === "Value" && Type === "AWS::SSM::Parameter")
    return resolve(templates, stack, properties.Value ?? "") ?? "";
  const resource = { templates, place: `${stack}/${id}`, name: nameResource(templates, stack, id) };
  const made = attributeByName(Type, name, { ...resource, properties });
  if (made !== undefined) return made;
  throw new Error(`The runner does not support the attribute ${name} of ${Type} (${stack}/${id})`);
}
