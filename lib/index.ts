import type { App } from "aws-cdk-lib";
import { Account } from "./account.ts";
import { Data } from "./data.ts";
import { HttpApi } from "./http-api.ts";
import { Identity } from "./identity.ts";
import type { Stage } from "./stages.ts";

/** The stacks of one stage. */
export function placeStage(app: App, stage: Stage): void {
  const id = (name: string) => `ovation-${stage.name}-${name}`;
  const account = new Account(app, "ovation-account");
  const data = new Data(app, id("data"), stage);
  const identity = new Identity(app, id("identity"), stage);
  const http = new HttpApi(app, id("http"), stage, { data });
  http.addStackDependency(identity);
  http.addStackDependency(account);
}
