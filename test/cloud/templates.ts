import { serialize } from "node:v8";
import { hashSources } from "../../bin/build/assembly.ts";
import { type Stage, stageOf } from "../../lib/stages/stages.ts";
import { askShared } from "../shared.ts";
import type { Stack } from "./cloudformation.ts";

/** A resource of a template; values may be CloudFormation functions. */
type Resource = {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: Templates are JSON of every shape.
  Properties: any;
  DeletionPolicy?: string;
  DependsOn?: string[];
  UpdatePolicy?: Record<string, object>;
};

/** Findings of AWS's rules for solutions in a stage, accepted or not. */
type Finding = { rule: string; path: string };

/** The templates of one stage: resources by stack (`data`, `http` …) and logical id. */
type Templates = Record<string, Record<string, Resource>>;

/** What CDK writes down of one kind of rules. */
export type Report = { pluginName: string; violations: object[] };

/** What CDK makes of a stage, and what AWS's rules find in it. */
export type Assembly = { stacks: Stack[]; findings: Finding[] };

type Synthesized = Assembly & { templates: Templates };

/** The templates of a stage as deployed with these command-line options. */
export const templatesOf = async (options: Record<string, string>): Promise<Templates> =>
  (await synthesize(stageOf((key) => options[key]))).templates;

/** The findings of AWS's rules in a stage. */
export const findingsOf = async (options: Record<string, string>): Promise<Finding[]> =>
  (await synthesize(stageOf((key) => options[key]))).findings;

/** Synthesizes a modified stage, each once in a run. */
export const synthesize = (stage: Stage): Promise<Synthesized> => askFor(stage, "once");

/** Synthesizes a stage again. */
export const synthesizeAgain = (stage: Stage): Promise<Synthesized> => askFor(stage, "again");

/** What CloudFormation's own rules say of one stack of a stage, and those for solutions of all. */
export const reportsOf = async (stage: Stage, stack: string) =>
  (await ask({ stage, stack }, "reports")) as Report[];

const askFor = async (stage: Stage, path: string): Promise<Synthesized> =>
  withTemplates((await ask(stage, path)) as Assembly);

async function ask(what: object, path: string): Promise<unknown> {
  const { url } = await askShared<{ url: string }>(`synthesizer/${hashSources()}`);
  const answer = await fetch(`${url}/${path}`, { method: "POST", body: serialize(what) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const withTemplates = (made: Assembly): Synthesized => ({
  ...made,
  templates: Object.fromEntries(
    made.stacks.map(({ name, template }) => [
      name.replace(/^ovation-((dev|staging|prod)-)?/, ""),
      template.Resources as Templates[string],
    ]),
  ),
});

/** The resources of one type, in one stack or in all. */
export const resourcesOf = (templates: Templates, type: string, stack?: string): Resource[] =>
  Object.entries(templates)
    .filter(([name]) => stack === undefined || name === stack)
    .flatMap(([, resources]) => Object.values(resources).filter(({ Type }) => Type === type));

/** An alarm's properties; one whose metric an expression fills has it as `Expression`. */
export function alarmOf({ Properties }: Resource): Resource["Properties"] {
  const { Metrics, ...more } = Properties;
  if (Metrics === undefined) return more;
  const [{ Expression }, { MetricStat }] = Metrics;
  const { Metric, Stat: Statistic, Period } = MetricStat;
  return { ...more, ...Metric, Statistic, Period, Expression };
}

/** The only resource of a type in a stack, or the only one that matches. */
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

/** A policy statement with its actions and resources as lists of text. */
type Statement = {
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
};

/** The functions by name, with the statements of their roles. */
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
