/**
 * Synthesizes the stage that it is given on its input, as V8 writes values, and prints its
 * templates as JSON. A process of its own: jest takes several times as long to load CDK.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserialize } from "node:v8";
import { App } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { placeStage } from "../../lib/index.ts";
import type { Stage } from "../../lib/stages.ts";

/** The stage's resources by stack, and what AWS's rules for solutions find in them. */
function synthesize(stage: Stage, outdir: string) {
  // CloudFormation's own rules take most of a synthesis, and here they would only warn;
  // `npm run synth` asks them.
  const builtinCloudFormationValidation = false;
  const app = new App({ outdir, analyticsReporting: false, builtinCloudFormationValidation });
  placeStage(app, stage);
  const { stacks } = app.synth();
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return {
    templates: Object.fromEntries(
      stacks.map(({ stackName, template }) => [
        stackName.replace(/^ovation-((dev|staging|prod)-)?/, ""),
        template.Resources,
      ]),
    ),
    findings: violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = "" }) => ({
        rule: ruleName,
        path: constructPath,
      })),
    ),
  };
}

const outdir = mkdtempSync(join(tmpdir(), "ovation-cdk-"));
try {
  const stage = deserialize(readFileSync(process.stdin.fd)) as Stage;
  process.stdout.write(JSON.stringify(synthesize(stage, outdir)));
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
