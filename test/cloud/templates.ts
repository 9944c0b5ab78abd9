import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { hashSources } from "../../bin/build/assembly.ts";
import { type Stage, stageOf } from "../../lib/stages/stages.ts";

import type { Stack } from "./cloudformation.ts";

/** One resource as the template has it; values may be CloudFormation's functions. */
type Resource = {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: Templates are JSON of every shape.
  Properties: any;
  DeletionPolicy?: string;
  DependsOn?: string[];
  UpdatePolicy?: Record<string, object>;
};

/** What AWS's rules for solutions find in a stage, accepted or not. */
type Finding = { rule: string; path: string };

/** The templates of one stage: resources by stack (`data`, `http` …) and logical id. */
type Templates = Record<string, Record<string, Resource>>;

const kept = join(import.meta.dirname, "../../.cache/templates");

type Synthesized = { templates: Templates; stacks: Stack[]; findings: Finding[] };

/** The templates of the stage as it is deployed with some options of the command line. */
export const templatesOf = async (options: Record<string, string>): Promise<Templates> =>
  (await synthesize(stageOf((key) => options[key]))).templates;

/** What AWS's rules say of the stage. */
export const findingsOf = async (options: Record<string, string>): Promise<Finding[]> =>
  (await synthesize(stageOf((key) => options[key]))).findings;

/** Templates of earlier sources are of no use to anybody. */
const keptMilliseconds = 30 * 60 * 1000;
/** What was begun so long ago was given up by a process that has ended. */
const givenUpMilliseconds = 2 * 60 * 1000;

/**
 * Synthesizes a stage that may be like none of ours. What comes of it is kept for as long as the
 * sources are the same: test files ask for the same stages, often at the same time, and CDK takes
 * long.
 */
export async function synthesize(stage: Stage): Promise<Synthesized> {
  const name = createHash("sha256").update(serialize(stage)).update(hashSources());
  const file = join(kept, `${name.digest("hex")}.json`);
  const begun = `${file}.begun`;
  mkdirSync(kept, { recursive: true });
  while (!existsSync(file)) {
    if (!begin(begun)) await new Promise((done) => setTimeout(done, 100));
    else
      try {
        // As it is read from the file.
        const { stacks, findings } = await synthesizeUncached(stage);
        const unfinished = `${file}.${process.pid}`;
        writeFileSync(unfinished, JSON.stringify({ stacks, findings }));
        renameSync(unfinished, file);
        removeOld();
      } finally {
        rmSync(begun, { recursive: true, force: true });
      }
  }
  return withTemplates(JSON.parse(readFileSync(file, "utf8")));
}

/** Says to the other processes that this one makes something; false if another has said so. */
function begin(begun: string): boolean {
  try {
    mkdirSync(begun);
    return true;
  } catch {
    if (ageOf(begun) > givenUpMilliseconds) rmSync(begun, { recursive: true, force: true });
    return false;
  }
}

function removeOld(): void {
  for (const old of readdirSync(kept).map((entry) => join(kept, entry)))
    if (ageOf(old) > keptMilliseconds) rmSync(old, { recursive: true, force: true });
}

/** In milliseconds; 0 for what is not there. */
const ageOf = (path: string) =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());

const withTemplates = (made: Pick<Synthesized, "stacks" | "findings">): Synthesized => ({
  ...made,
  templates: Object.fromEntries(
    made.stacks.map(({ name, template }) => [
      name.replace(/^ovation-((dev|staging|prod)-)?/, ""),
      template.Resources as Templates[string],
    ]),
  ),
});

/** Synthesizes a stage whether or not that has been done before. */
export async function synthesizeUncached(stage: Stage): Promise<Synthesized> {
  const { App } = await import("aws-cdk-lib");
  const { AwsSolutionsChecks } = await import("cdk-nag");
  const { placeStage } = await import("../../lib/index.ts");
  const outdir = mkdtempSync(join(tmpdir(), "ovation-cdk-"));
  try {
    // CloudFormation's own rules take most of a synthesis, and here they would only warn;
    // `npm run synth` asks them.
    const builtinCloudFormationValidation = false;
    const app = new App({ outdir, analyticsReporting: false, builtinCloudFormationValidation });
    placeStage(app, stage);
    const { stacks } = app.synth();
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    const found = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = "" }) => ({ rule: ruleName, path: constructPath })),
    );
    return withTemplates({
      stacks: stacks.map(({ stackName: name, template }) => ({ name, template })),
      findings: found,
    });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The resources of one type, in one stack or in all. */
export const resourcesOf = (templates: Templates, type: string, stack?: string): Resource[] =>
  Object.entries(templates)
    .filter(([name]) => stack === undefined || name === stack)
    .flatMap(([, resources]) => Object.values(resources).filter(({ Type }) => Type === type));

/** The only resource of a type in a stack, or the only one of those that are meant. */
export function theResource(
  templates: Templates,
  type: string,
  stack: string,
  isMeant: (resource: Resource) => boolean = () => true,
): Resource {
  const found = resourcesOf(templates, type, stack).filter(isMeant);
  if (found.length !== 1) throw new Error(`${stack} has ${found.length} of ${type}`);
  return found[0]!;
}

/** Text with CloudFormation's functions flattened: `Ref` and `GetAtt` in angle brackets. */
export function flat(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(flat).join("");
  if (value === null || typeof value !== "object") return String(value);
  const [[name, inner] = []] = Object.entries(value);
  if (name === "Fn::Join") return flat((inner as [string, unknown])[1]);
  if (name === "Fn::GetAtt") return `<${(inner as string[]).join(".")}>`;
  return `<${flat(inner)}>`;
}

/** A statement of a role's policy, its action and resource as lists of text. */
type Statement = {
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
};

/** The functions by name, each with the statements of its own role. */
export function functionsOf(templates: Templates) {
  const functions = new Map<string, { properties: Resource["Properties"]; role: Statement[] }>();
  for (const resources of Object.values(templates))
    for (const { Type, Properties } of Object.values(resources)) {
      if (Type !== "AWS::Lambda::Function" || !Properties.FunctionName) continue;
      const role = resources[Properties.Role["Fn::GetAtt"][0]];
      functions.set(Properties.FunctionName, {
        properties: Properties,
        role: role?.Properties.Policies.flatMap(
          (policy: { PolicyDocument: { Statement: Statement[] } }) =>
            policy.PolicyDocument.Statement.map((one) => ({
              ...one,
              Action: [one.Action].flat(),
              Resource: [one.Resource].flat().map(flat),
            })),
        ),
      });
    }
  return functions;
}
