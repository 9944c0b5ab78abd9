import type { App } from "aws-cdk-lib";
import { Endpoints, endpointStacks } from "./api/endpoints.ts";
import { hostOf } from "./api/gateway.ts";
import { HttpApi } from "./api/http-api.ts";
import { Pictures, picturesUrlOf } from "./api/picture-api.ts";
import { Realtime } from "./api/realtime.ts";
import { TencentApi } from "./api/tencent-api.ts";
import { Data, edgeKeyOf } from "./data/data.ts";
import { DistributionStack } from "./edge/distribution.ts";
import { Edge } from "./edge/edge.ts";
import { Account } from "./identity/account.ts";
import { DeploymentRole } from "./identity/deployment-role.ts";
import { Identity } from "./identity/identity.ts";
import { Users } from "./identity/user-pool.ts";
import { Relay } from "./relay/relay.ts";
import { withOwnPages } from "./stages/domain.ts";
import type { Stage } from "./stages/stages.ts";
import { DistributionAlarms } from "./watch/distribution-watch.ts";
import { Watch } from "./watch/watch.ts";

/** The stacks of one stage. */
export function addStage(app: App, given: Stage): void {
  const stage = withOwnPages(given);
  const id = (name: string) => `ovation-${stage.name}-${name}`;
  const account = new Account(app, "ovation-account", stage);
  const data = new Data(app, id("data"), stage);
  const users = stage.issuer ? undefined : new Users(app, id("users"), stage, { data });
  const identity = new Identity(app, id("identity"), stage, users);
  const realtime = new Realtime(app, id("realtime"), stage, { data });
  const inputs = { data, sockets: realtime.sockets };
  const tencent = new TencentApi(app, id("tencent"), stage, inputs);
  const pictures = new Pictures(app, id("pictures"), stage, inputs);
  const otherApis = { ...tencent.hosts, "/pictures": hostOf(pictures.api) };
  const picturesUrl = picturesUrlOf(stage, pictures.api);
  const { logGroup } = pictures;
  const serves = { ...inputs, otherApis, picturesUrl, logGroup };
  const endpoints = endpointStacks.map((name) => new Endpoints(app, id(name), stage, name, serves));
  const http = new HttpApi(app, id("http"), stage, pictures.api);
  // These stacks refer to data, queues and the issuer by name; access logs need the account's role,
  // and readers of the table and the queues are deployed before functions that write there.
  const serving = [realtime, pictures, tencent, ...endpoints, http];
  for (const [at, stack] of serving.entries())
    for (const before of [account, data, identity, ...serving.slice(0, at)])
      stack.addStackDependency(before);
  const relay = stage.relay && new Relay(app, id("relay"), stage, inputs);
  // Functions are deployed first: they use the relay only while a task runs (docs/deploying.md).
  relay?.addStackDependency(realtime);
  const host = placeHost(app, stage, { http, pictures, tencent, realtime });
  if (stage.repository !== undefined)
    new DeploymentRole(app, id("delivery"), stage, stage.repository);
  const watched = {
    stage,
    tableName: data.table.tableName,
    queues: data.queues,
    deadLetters: data.deadLetters,
    socketApiId: realtime.apiId,
    streamMappings: realtime.streamMappings,
    ...(host && { distributionId: host.distributionId }),
  };
  const watch = new Watch(app, id("watch"), watched);
  for (const stack of [...serving, ...(users ? [users] : []), ...(relay ? [relay] : [])])
    watch.addStackDependency(stack);
  if (host === undefined) return;
  watch.addStackDependency(host);
  new DistributionAlarms(app, id("host-watch"), watched).addStackDependency(host);
}

type Behind = { http: HttpApi; pictures: Pictures; tencent: TencentApi; realtime: Realtime };

/** The domain and its resources in another region; nothing without a domain. */
function placeHost(app: App, stage: Stage, behind: Behind): DistributionStack | undefined {
  if (stage.domain === undefined) return undefined;
  const id = (name: string) => `ovation-${stage.name}-${name}`;
  const edge = new Edge(app, id("edge"), stage, stage.domain);
  const apis = {
    http: behind.http.api.restApiId,
    pictures: behind.pictures.api.restApiId,
    tencent: behind.tencent.apis.tencent.restApiId,
    callback: behind.tencent.apis.callback.restApiId,
    sockets: behind.realtime.apiId,
  };
  const given = { edge, apis, key: edgeKeyOf(stage) };
  const host = new DistributionStack(app, id("host"), stage, stage.domain, given);
  host.addStackDependency(behind.http);
  return host;
}
