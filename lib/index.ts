import type { App } from "aws-cdk-lib";
import { HttpApi } from "./api/http-api.ts";
import { Realtime } from "./api/realtime.ts";
import { TencentApi } from "./api/tencent-api.ts";
import { Data } from "./data/data.ts";
import { Edge } from "./edge/edge.ts";
import { Host } from "./edge/host.ts";
import { Account } from "./identity/account.ts";
import { Delivery } from "./identity/delivery.ts";
import { Identity } from "./identity/identity.ts";
import { withOwnPages } from "./stages/domain.ts";
import type { Stage } from "./stages/stages.ts";
import { HostWatch } from "./watch/host-watch.ts";
import { Watch } from "./watch/watch.ts";

/** The stacks of one stage. */
export function placeStage(app: App, given: Stage): void {
  const stage = withOwnPages(given);
  const id = (name: string) => `ovation-${stage.name}-${name}`;
  const account = new Account(app, "ovation-account", stage);
  const data = new Data(app, id("data"), stage);
  const identity = new Identity(app, id("identity"), stage, { data });
  const realtime = new Realtime(app, id("realtime"), stage, { data });
  const neighbours = { data, sockets: realtime.sockets };
  const tencent = new TencentApi(app, id("tencent"), stage, neighbours);
  const http = new HttpApi(app, id("http"), stage, { ...neighbours, otherApis: tencent.hosts });
  for (const stack of [realtime, http, tencent]) {
    // They read the issuer's parameters by name, and their access logs need the account's role.
    stack.addStackDependency(identity);
    stack.addStackDependency(account);
  }
  let host: Host | undefined;
  if (stage.domain !== undefined) {
    const isNeeded = stage.firewall || stage.domain.certificate === undefined;
    const edge = isNeeded ? new Edge(app, id("edge"), stage, stage.domain) : undefined;
    const apis = {
      http: http.api.restApiId,
      pictures: http.pictures.restApiId,
      tencent: tencent.apis.tencent.restApiId,
      callback: tencent.apis.callback.restApiId,
      sockets: realtime.apiId,
    };
    const key = data.edgeKey;
    host = new Host(app, id("host"), stage, stage.domain, {
      ...(edge && { edge }),
      apis,
      ...(key && { key }),
    });
  }
  if (stage.repository !== undefined) new Delivery(app, id("delivery"), stage, stage.repository);
  const watched = {
    stage,
    tableName: data.table.tableName,
    queues: data.queues,
    deadLetters: data.deadLetters,
    httpApiName: http.api.restApiName,
    tencentAccessLogs: tencent.accessLogs,
    socketApiId: realtime.apiId,
    logs: {
      ...{ http: http.log, tencent: tencent.log, realtime: realtime.log },
      ...(identity.log && { identity: identity.log }),
    },
    streamMappings: realtime.streamMappings,
  };
  new Watch(app, id("watch"), {
    ...watched,
    ...(host && { distributionId: host.distributionId }),
  });
  if (host === undefined) return;
  const distributionId = host.distributionIdElsewhere;
  new HostWatch(app, id("host-watch"), { ...watched, distributionId }).addStackDependency(host);
}
