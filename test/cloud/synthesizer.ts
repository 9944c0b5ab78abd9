/**
 * Synthesizes stages for the test files of a run, each stage once: CDK takes a second to load and
 * a second a stage. A process of its own, with the stage in the body of a `POST` as v8 writes it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { deserialize } from "node:v8";
import { App } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { placeStage } from "../../lib/index.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import type { Assembly } from "./templates.ts";

const made = new Map<string, string>();

function synthesize(stage: Stage): Assembly {
  const outdir = mkdtempSync(join(tmpdir(), "ovation-cdk-"));
  try {
    // CloudFormation's own rules take most of a synthesis, and here they would only warn;
    // `npm run synth` asks them.
    const builtinCloudFormationValidation = false;
    const app = new App({ outdir, analyticsReporting: false, builtinCloudFormationValidation });
    placeStage(app, stage);
    const { stacks } = app.synth();
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    const findings = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = "" }) => ({ rule: ruleName, path: constructPath })),
    );
    return {
      stacks: stacks.map(({ stackName: name, template }) => ({ name, template })),
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
    const assembly = made.get(name) ?? JSON.stringify(synthesize(deserialize(body)));
    made.set(name, assembly);
    response.end(assembly);
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
  }
});
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("disconnect", () => process.exit());
