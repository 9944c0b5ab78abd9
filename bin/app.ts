/** The CDK app: the stacks of one stage, `-c stage=dev` or `-c stage=prod`. */
import { App, Tags } from "aws-cdk-lib";
import { placeStage } from "../lib/index.ts";
import { checkSolutions } from "../lib/nag.ts";
import { placeholdersOf } from "../lib/placeholders.ts";
import { stageOf } from "../lib/stages.ts";
import { build } from "./build.ts";

await build();
const app = new App();
// Of the megabyte that a template may have, indents would take a third.
app.node.setContext("@aws-cdk/core:suppressTemplateIndentation", true);
const stage = stageOf((name) => app.node.tryGetContext(name));
for (const placeholder of placeholdersOf(stage)) console.warn(`Warning: ${placeholder}`);
placeStage(app, stage);
Tags.of(app).add("ovation:stage", stage.name);
checkSolutions(app);
app.synth();
