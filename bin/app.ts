/** The CDK app: the stacks of one stage, `-c stage=dev` or `-c stage=prod`. */
import { App, Tags } from "aws-cdk-lib";
import { addStage } from "../lib/index.ts";
import { separateBundlesFlag } from "../lib/stages/names.ts";
import { placeholdersOf } from "../lib/stages/placeholders.ts";
import { stageOf } from "../lib/stages/stages.ts";

// Nothing reads tree.json, and writing it takes 5 % of the time.
const app = new App({ treeMetadata: false });
const isApart = app.node.tryGetContext(separateBundlesFlag) === true;
if (!isApart) await (await import("./build/build.ts")).build();
// A template may have one megabyte, of which indentation would take a third.
app.node.setContext("@aws-cdk/core:suppressTemplateIndentation", true);
const stage = stageOf((name) => app.node.tryGetContext(name));
for (const placeholder of placeholdersOf(stage)) console.warn(`Warning: ${placeholder}`);
addStage(app, stage);
Tags.of(app).add("ovation:stage", stage.name);
// Skipped at `npm start`; `npm run synth` and every deployment run these checks.
if (!isApart) (await import("../lib/nag.ts")).checkSolutions(app);
const { stacks } = app.synth();
if (isApart) failOnErrors();

/** Fails on error annotations, as the `cdk` command does. */
function failOnErrors(): void {
  const messages = stacks.flatMap((stack) => stack.messages);
  for (const { level, id, entry } of messages) {
    if (level !== "error") continue;
    console.error(`${id}: ${entry.data}`);
    process.exitCode = 1;
  }
}
