/** The CDK app: the stacks of one stage, `-c stage=dev` or `-c stage=prod`. */
import { App, Tags } from "aws-cdk-lib";
import { placeStage } from "../lib/index.ts";
import { bundlesApart } from "../lib/stages/names.ts";
import { placeholdersOf } from "../lib/stages/placeholders.ts";
import { stageOf } from "../lib/stages/stages.ts";

const app = new App();
const isApart = app.node.tryGetContext(bundlesApart) === true;
if (!isApart) await (await import("./build/build.ts")).build();
// Of the megabyte that a template may have, indents would take a third.
app.node.setContext("@aws-cdk/core:suppressTemplateIndentation", true);
const stage = stageOf((name) => app.node.tryGetContext(name));
for (const placeholder of placeholdersOf(stage)) console.warn(`Warning: ${placeholder}`);
placeStage(app, stage);
Tags.of(app).add("ovation:stage", stage.name);
// One machine runs what is being written; `npm run synth` and every deployment check it.
if (!isApart) (await import("../lib/nag.ts")).checkSolutions(app);
const { stacks } = app.synth();
if (isApart) failOnErrors();

/** What the command `cdk` does where it runs this. */
function failOnErrors(): void {
  const messages = stacks.flatMap((stack) => stack.messages);
  for (const { level, id, entry } of messages) {
    if (level !== "error") continue;
    console.error(`${id}: ${entry.data}`);
    process.exitCode = 1;
  }
}
