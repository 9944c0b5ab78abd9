import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { LambdaFunction, PolicyStatement } from "../model.ts";
import { arnOf, nameResource } from "./intrinsics.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const FunctionProperties = z.object({
  Handler: z.string(),
  Role: z.string(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  ReservedConcurrentExecutions: z.coerce.number().optional(),
  LoggingConfig: z.object({ LogGroup: z.string().optional() }).default({}),
  Environment: z
    .object({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
    .default({ Variables: {} }),
});

/** Functions by physical name. Throws if the bundle of a function is missing. */
export function readFunctions(
  templates: Templates,
  directory: string,
): Record<string, LambdaFunction> {
  const functions: Record<string, LambdaFunction> = {};
  for (const { stack, id, resource, properties } of findResources(
    templates,
    "AWS::Lambda::Function",
    FunctionProperties,
  )) {
    const asset = resource.Metadata?.["aws:asset:path"];
    // Functions that CDK adds (custom resources) are not bundled by us and never run here.
    if (typeof asset !== "string" || resource.Metadata?.["aws:asset:is-bundled"] === true) continue;
    const name = nameResource(templates, stack, id);
    const folder = join(directory, asset);
    if (!existsSync(folder)) throw new Error(`The bundle of ${name} is missing: ${folder}`);
    functions[name] = {
      name,
      arn: arnOf(templates, stack, id),
      directory: folder,
      handler: properties.Handler,
      environment: properties.Environment.Variables,
      timeoutSeconds: properties.Timeout,
      memoryMegabytes: properties.MemorySize,
      ...(properties.ReservedConcurrentExecutions !== undefined && {
        reservedConcurrency: properties.ReservedConcurrentExecutions,
      }),
      ...(properties.LoggingConfig.LogGroup && { logGroup: properties.LoggingConfig.LogGroup }),
      role: properties.Role.split("/").at(-1) ?? properties.Role,
    };
  }
  return functions;
}

const Texts = z.union([z.string(), z.array(z.string())]).transform((text) => [text].flat());
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]).default("Allow"),
  Action: Texts,
  Resource: Texts,
  Condition: z
    .strictObject({ "ForAllValues:StringLike": z.strictObject({ "dynamodb:LeadingKeys": Texts }) })
    .optional(),
});
const Document = z.object({ Statement: z.array(Statement) });
const Policy = z.object({ PolicyDocument: Document, Roles: z.array(z.string()).default([]) });
const Role = z.object({
  Policies: z.array(z.object({ PolicyDocument: Document })).default([]),
});

/** The statements of each role by role name: inline and from policies. */
export function readRoles(templates: Templates): Record<string, PolicyStatement[]> {
  const roles: Record<string, PolicyStatement[]> = {};
  for (const { stack, id, properties } of findResources(templates, "AWS::IAM::Role", Role)) {
    roles[nameResource(templates, stack, id)] = properties.Policies.flatMap((policy) =>
      statementsOf(policy.PolicyDocument),
    );
  }
  for (const { properties } of findResources(templates, "AWS::IAM::Policy", Policy)) {
    for (const role of properties.Roles) {
      roles[role] = [...(roles[role] ?? []), ...statementsOf(properties.PolicyDocument)];
    }
  }
  return roles;
}

function statementsOf(document: z.infer<typeof Document>): PolicyStatement[] {
  return document.Statement.map(({ Sid: _sid, Condition, ...statement }) => ({
    ...statement,
    ...(Condition && { leadingKeys: Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] }),
  }));
}
