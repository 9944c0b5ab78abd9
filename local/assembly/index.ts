import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import type { Stage } from "../model.ts";
import { readAlarms, readMetricFilters } from "./alarms.ts";
import { readRestApis } from "./apis.ts";
import { readBuckets, readQueues, readSecrets, readTables } from "./data.ts";
import { readDomains } from "./domains.ts";
import { readFunctions, readRoles } from "./functions.ts";
import { readRelay } from "./relay.ts";
import { assertReadable } from "./resources.ts";
import { readWebSocketApis } from "./sockets.ts";
import { readEventSources, readSchedules } from "./sources.ts";
import type { Template, Templates } from "./templates.ts";

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional() })
        .optional(),
    }),
  ),
});

type AssemblyOptions = {
  /** The folder with manifest.json. */
  directory: string;
  /** The stage's name, such as `dev`. */
  stageName: string;
  /** Values of SSM parameters by name; the assembly's own values are not read. */
  parameters: Record<string, string>;
};

/**
 * Reads one stage from its synthesized assembly (`cdk.out/<stage>`) only. Throws, naming the
 * resource, if the runner cannot emulate it.
 */
export function readAssembly(options: AssemblyOptions): Stage {
  const directory = resolve(options.directory);
  const templates = readTemplates({ ...options, directory });
  assertReadable(templates);
  const relay = readRelay(templates, directory);
  const stage: Stage = {
    name: options.stageName,
    region: templates.region,
    account: templates.account,
    // AWS calls are authorized by the name of their caller.
    functions: { ...readFunctions(templates, directory), ...(relay && { [relay.name]: relay }) },
    ...(relay && { relay: relay.name }),
    roles: readRoles(templates),
    restApis: readRestApis(templates),
    webSocketApis: readWebSocketApis(templates),
    tables: readTables(templates),
    queues: readQueues(templates),
    buckets: readBuckets(templates),
    ...readDomains(templates),
    eventSources: readEventSources(templates),
    schedules: readSchedules(templates),
    secrets: readSecrets(templates),
    alarms: readAlarms(templates),
    metricFilters: readMetricFilters(templates),
  };
  return stage;
}

function readTemplates({ directory, parameters }: AssemblyOptions): Templates {
  const manifest = Manifest.parse(readJson(join(directory, "manifest.json")));
  const templates: Templates = {
    stacks: new Map(),
    region: "us-east-1",
    account: "000000000000",
    parameters,
  };
  for (const [id, artifact] of Object.entries(manifest.artifacts)) {
    if (artifact.type !== "aws:cloudformation:stack" || !artifact.properties?.templateFile)
      continue;
    const template = readJson(join(directory, artifact.properties.templateFile)) as Template;
    templates.stacks.set(artifact.properties.stackName ?? id, template);
    // A domain's firewall is in another region; the stage's region is that of its functions.
    const hasFunctions = Object.values(template.Resources ?? {}).some(
      ({ Type }) => Type === "AWS::Lambda::Function",
    );
    const place = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(artifact.environment ?? "");
    if (hasFunctions && place?.[1] && place[2])
      Object.assign(templates, { account: place[1], region: place[2] });
  }
  if (templates.stacks.size === 0) throw new Error(`${directory} holds no stack`);
  return templates;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
