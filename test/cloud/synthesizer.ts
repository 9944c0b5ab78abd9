/**
 * Synthesizes stages for a run's test files, each stage once: CDK takes a second to load and a
 * second per stage. A separate process, which receives the stage by `POST`, serialized by v8.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { deserialize } from "node:v8";
import { App, type AppProps, CloudFormationValidatePlugin, Validations } from "aws-cdk-lib";
import { DISABLE_ASSET_STAGING_CONTEXT } from "aws-cdk-lib/cx-api";
import { AwsSolutionsChecks } from "cdk-nag";
import { addStage } from "../../lib/index.ts";
import { checkSolutions } from "../../lib/nag.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import type { Assembly, Report } from "./templates.ts";

/**
 * CloudFormation's own rules take most of a synthesis, and only warn; of the rest, copies of all
 * bundles, the tree of constructs and stack traces take 40 %.
 */
const templatesAlone: AppProps = {
  context: { [DISABLE_ASSET_STAGING_CONTEXT]: true },
  builtinCloudFormationValidation: false,
  treeMetadata: false,
  stackTraces: false,
  analyticsReporting: false,
};

const made = new Map<string, string>();

/**
 * What `npm run synth` checks of a stage, but CloudFormation's own rules only of one of its stacks:
 * for all of them they take ten seconds of CPU.
 */
function check({ stage, stack }: { stage: Stage; stack: string }): Report[] {
  const outdir = mkdtempSync(join(tmpdir(), "ovation-cdk-"));
  try {
    const app = new App({ outdir, ...templatesAlone });
    addStage(app, stage);
    checkSolutions(app);
    const rules = new CloudFormationValidatePlugin();
    Validations.of(app).addPlugins({
      name: rules.name,
      validate({ stackTemplates: all, ...context }) {
        const stackTemplates = all.filter((one) => one.stackConstructPath === stack);
        if (stackTemplates.length !== 1) throw new Error(`${stackTemplates.length} of ${stack}`);
        return rules.validate({ ...context, stackTemplates });
      },
    });
    app.synth();
    const text = readFileSync(join(outdir, "validation-report.json"), "utf8");
    return (JSON.parse(text) as { pluginReports: Report[] }).pluginReports;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function synthesize(stage: Stage): Assembly {
  const outdir = mkdtempSync(join(tmpdir(), "ovation-cdk-"));
  try {
    const app = new App({ outdir, ...templatesAlone });
    addStage(app, stage);
    const { stacks } = app.synth();
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    const findings = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = "" }) => ({ rule: ruleName, path: constructPath })),
    );
    return {
      stacks: stacks.map(({ stackName: name, template, dependencies }) => ({
        name,
        template,
        after: dependencies.flatMap((one) => ("stackName" in one ? [String(one.stackName)] : [])),
      })),
      findings,
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

const server = createServer(async (request, response) => {
  // As in shared-server.ts.
  response.setHeader("connection", "close");
  const body = await buffer(request);
  const name = request.url + body.toString("base64");
  try {
    const make = request.url === "/reports" ? check : synthesize;
    const said = made.get(name) ?? JSON.stringify(make(deserialize(body)));
    made.set(name, said);
    response.end(said);
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
  }
});
// A request may wait for others' stages longer than a server usually waits for its headers.
Object.assign(server, { headersTimeout: 0, requestTimeout: 0 });
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("disconnect", () => process.exit());
