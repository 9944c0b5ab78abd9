import { CfnOutput, Stack } from "aws-cdk-lib";
import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { Construct } from "constructs";
import { addFunction } from "../compute/lambdas.ts";
import { type Site, type StackInputs, siteOf } from "../compute/site.ts";
import { exportPermanently } from "../data/outputs.ts";
import { addressRate } from "../edge/firewall-rules.ts";
import { protectApis } from "../edge/origin-lock.ts";
import { onlyRow, rowsOf } from "../stages/route-table.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addCanaries } from "./canaries.ts";
import { gatewayRole, hostOf, logGroup, restApi, uriOf } from "./gateway.ts";
import type { Gateway } from "./gateway-document.ts";
import { callbackDocument, pathOf, tencentDocument } from "./tencent-document.ts";

/** The stage of the API for callbacks from Tencent, which is also its path prefix. */
const callbackStage = "tencent";

/**
 * The API that works like Tencent's live engine, `/v4/{service}/{command}`, and the one to which
 * that engine sends its callbacks, `/tencent/callback`: a separate API, since a gateway's own
 * responses have one form for all of its paths.
 */
export class TencentApi extends Stack {
  readonly apis: Record<"tencent" | "callback", SpecRestApi>;
  /** The host of each of the two APIs, by the start of its paths. */
  readonly hosts: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, stage: Stage, inputs: StackInputs) {
    super(scope, id, stackEnvironmentOf(stage));
    const log = logGroup(this, "log", stage, "tencent");
    const { tencentSecret, callbackSecret } = inputs.data;
    const secrets = { tencentSecret, callbackSecret };
    const site = siteOf(this, stage, log, { ...inputs, ...secrets });
    const rows = rowsOf("command");
    const functions = new Map(rows.map((row) => [row.name, addFunction(site, row)] as const));
    const commands = rows.filter(({ contract }) => contract.command !== "*");
    const unknown = onlyRow(
      rows.filter(({ contract }) => contract.command === "*"),
      "command for all that are not there",
    );
    const gateway = {
      title: `ovation-${stage.name}-tencent`,
      uriOf: uriOf(stage),
      credentials: gatewayRole(this, stage).roleArn,
    };
    const document = tencentDocument(commands, unknown.name, gateway);
    // Commands limited to once a second are counted by the functions, per application.
    const throttled = commands.filter(({ contract }) => contract.callsPerSecond !== 1);
    const { rate, burst } = stage.commandThrottle;
    const api = restApi(this, stage, "tencent", document, {
      stageName: "v4",
      methodOptions: Object.fromEntries(
        throttled.map(({ contract }) => [
          `${pathOf(contract)}/POST`,
          { throttlingRateLimit: rate, throttlingBurstLimit: burst },
        ]),
      ),
    });
    new CfnOutput(this, "url", { value: api.urlForPath("/") });
    const callback = this.addCallbackApi(site, gateway);
    functions.set(callback.name, callback.target);
    addCanaries(this, stage, functions, [api, callback.api]);
    this.apis = { tencent: api, callback: callback.api };
    this.hosts = { "/v4": hostOf(api), [`/${callbackStage}`]: hostOf(callback.api) };
    exportPermanently(this, api.restApiId, callback.api.restApiId);
    protectApis(this, stage, gateway.title, [api, callback.api], [addressRate()]);
  }

  private addCallbackApi(site: Site, gateway: Pick<Gateway, "uriOf" | "credentials">) {
    const { stage } = site;
    const row = onlyRow(rowsOf("receiver"), "receiver of callbacks");
    const target = addFunction(site, row);
    const title = `ovation-${stage.name}-tencent-callback`;
    const document = callbackDocument(row, { ...gateway, title });
    const scope = new Construct(this, "callback");
    const api = restApi(scope, stage, "tencent-callback", document, { stageName: callbackStage });
    // The URL for Tencent's console is this one with ?key= and the value of the secret.
    new CfnOutput(this, "callback-url", { value: api.urlForPath(row.contract.path) });
    return { api, name: row.name, target };
  }
}
