import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { LambdaFunction } from "../model.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const TaskProperties = z.object({
  Family: z.string(),
  TaskRoleArn: z.string(),
  Memory: z.coerce.number(),
  ContainerDefinitions: z.tuple([
    z.object({
      Environment: z.array(z.object({ Name: z.string(), Value: z.coerce.string() })).default([]),
    }),
  ]),
});

/** The timeout in seconds of a command to the relay: listen or drain. */
const orderSeconds = 60;

/**
 * The stage's relay, if any, as a function that is called once to start and once to stop. Its
 * bundle, role and settings are those of the ECS task. Throws if the bundle is missing.
 */
export function readRelay(templates: Templates, directory: string): LambdaFunction | undefined {
  const found = findResources(templates, "AWS::ECS::TaskDefinition", TaskProperties);
  for (const { resource, properties } of found) {
    const folder = join(directory, String(resource.Metadata?.["aws:asset:path"]));
    if (!existsSync(folder)) throw new Error(`The bundle of the relay is missing: ${folder}`);
    const [{ Environment }] = properties.ContainerDefinitions;
    return {
      name: properties.Family,
      arn: properties.Family,
      directory: folder,
      handler: "index.handler",
      environment: Object.fromEntries(Environment.map(({ Name, Value }) => [Name, Value])),
      timeoutSeconds: orderSeconds,
      memoryMegabytes: properties.Memory,
      role: properties.TaskRoleArn.split("/").at(-1) ?? properties.TaskRoleArn,
    };
  }
  return undefined;
}
