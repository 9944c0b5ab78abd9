import { CfnOutput, Stack } from "aws-cdk-lib";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { gatewayRole, logGroup, restApi, uriOf } from "./gateway.ts";
import { placeFunction } from "./lambdas.ts";
import { rowsOf, theOne } from "./route-table.ts";
import { type Neighbours, siteOf } from "./site.ts";
import { placeOf, type Stage } from "./stages.ts";
import { pathOf, tencentDocument } from "./tencent-document.ts";

/** The API that answers as Tencent's live engine does: `/v4/{service}/{command}`. */
export class TencentApi extends Stack {
  readonly log: LogGroup;
  readonly accessLog: LogGroup;

  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id, placeOf(stage));
    this.log = logGroup(this, "log", stage, "tencent");
    const { tencentSecret } = neighbours.data;
    const site = siteOf(this, stage, this.log, { ...neighbours, tencentSecret });
    const rows = rowsOf("command");
    for (const row of rows) placeFunction(site, row);
    const commands = rows.filter(({ contract }) => contract.command !== "*");
    const unknown = theOne(
      rows.filter(({ contract }) => contract.command === "*"),
      "command for all that are not there",
    );
    const document = tencentDocument(commands, unknown.name, {
      title: `ovation-${stage.name}-tencent`,
      uriOf: uriOf(stage),
      credentials: gatewayRole(this, stage).roleArn,
    });
    // What may be called once a second is counted by the functions, for each application.
    const throttled = commands.filter(({ contract }) => contract.callsPerSecond === 200);
    const { rate, burst } = stage.commandThrottle;
    const { api, accessLog } = restApi(this, stage, "tencent", document, {
      stageName: "v4",
      throttlingRateLimit: stage.throttle.rate,
      throttlingBurstLimit: stage.throttle.burst,
      methodOptions: Object.fromEntries(
        throttled.map(({ contract }) => [
          `${pathOf(contract)}/POST`,
          { throttlingRateLimit: rate, throttlingBurstLimit: burst },
        ]),
      ),
    });
    this.accessLog = accessLog;
    new CfnOutput(this, "url", { value: api.urlForPath("/") });
  }
}
