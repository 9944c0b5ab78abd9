import type { OpenApiBody, OpenApiOperation } from "../model.ts";

/**
 * A resource for a path, with its parameters as they were sent: a REST API decodes the query, but
 * not the path (dherault/serverless-offline#265).
 */
export type RouteMatch = {
  resourcePath: string;
  /** By lower-case method, or `x-amazon-apigateway-any-method`. */
  operations: Record<string, OpenApiOperation>;
  pathParameters: Record<string, string>;
};

type Node = {
  literal: Map<string, Node>;
  /** The parameter of this position, as paths write it: `{name}` or `{name+}`. */
  variable?: string;
  parameter?: { name: string; node: Node };
  greedy?: { name: string; resourcePath: string; operations: Record<string, OpenApiOperation> };
  resource?: { resourcePath: string; operations: Record<string, OpenApiOperation> };
};

const createNode = (): Node => ({ literal: new Map() });

/**
 * A function that finds an API's resource for a path: literal segments before `{name}`, that before
 * `{name+}`. Throws if one position has two parameters, as API Gateway's import does.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
 */
export function createRoutes(document: OpenApiBody): (path: string) => RouteMatch | undefined {
  const root = createNode();
  for (const [resourcePath, operations] of Object.entries(document.paths)) {
    addPath(root, resourcePath, operations);
  }
  return (path) => match(root, path.split("/").slice(1), 0);
}

function addPath(
  root: Node,
  resourcePath: string,
  operations: Record<string, OpenApiOperation>,
): void {
  let node = root;
  for (const segment of resourcePath.split("/").slice(1)) {
    const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(segment) ?? [];
    if (name) {
      node.variable ??= segment;
      if (node.variable !== segment)
        throw new Error(
          `${resourcePath}: this position already has the parameter ${node.variable}.`,
        );
      if (plus) {
        node.greedy = { name, resourcePath, operations };
        return;
      }
      node.parameter ??= { name, node: createNode() };
      node = node.parameter.node;
    } else {
      const next = node.literal.get(segment) ?? createNode();
      node.literal.set(segment, next);
      node = next;
    }
  }
  node.resource = { resourcePath, operations };
}

function match(node: Node, segments: string[], index: number): RouteMatch | undefined {
  const segment = segments[index];
  if (segment === undefined) return node.resource && { ...node.resource, pathParameters: {} };
  const literal = node.literal.get(segment);
  const found = literal && match(literal, segments, index + 1);
  if (found) return found;
  if (node.parameter && segment !== "") {
    const below = match(node.parameter.node, segments, index + 1);
    if (below) {
      below.pathParameters[node.parameter.name] = segment;
      return below;
    }
  }
  const rest = segments.slice(index).join("/");
  if (node.greedy === undefined || rest === "") return undefined;
  const { name, resourcePath, operations } = node.greedy;
  return { resourcePath, operations, pathParameters: { [name]: rest } };
}

/** The operation for a method: its own, else the resource's any-method, else none. */
export function findOperation(found: RouteMatch, method: string): OpenApiOperation | undefined {
  const own = found.operations[method.toLowerCase()];
  return own ?? found.operations["x-amazon-apigateway-any-method"];
}
