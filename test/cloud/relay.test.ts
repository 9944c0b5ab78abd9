import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { relayProblemsOf, rollingPercent, socketsPerTask } from "../../lib/stages/relay.ts";
import { type Stage, stageNamed } from "../../lib/stages/stages.ts";
import { flat, resourcesOf, synthesize, templatesOf, theResource } from "./templates.ts";

/** A policy's statements by the table partitions that they name. */
type Statement = { Action: string | string[]; Condition?: { [test: string]: unknown } };

/** A graph of a dashboard: each line ends with its options. */
type Widget = { properties: { title?: string; metrics: unknown[][] } };

const withRelay = { stage: "dev", relay: "on" };

const resourcesWith = async (options: Record<string, string>, stack: string, type: string) =>
  Object.values((await templatesOf(options))[stack] ?? {}).filter(({ Type }) => Type === type);

test("a stage has a relay's task only if it asks for one", async () => {
  const templates = await templatesOf({ stage: "dev" });
  expect(Object.keys(templates)).not.toContain("relay");
  expect(JSON.stringify(templates)).not.toContain("RELAY_URL");
  const [task, ...others] = await resourcesWith(withRelay, "relay", "AWS::ECS::TaskDefinition");
  expect(others).toEqual([]);
  expect(task?.Properties).toMatchObject({
    Family: "ovation-dev-relay",
    RequiresCompatibilities: ["FARGATE"],
    RuntimePlatform: { CpuArchitecture: "ARM64" },
  });
  const [{ Environment }] = task?.Properties.ContainerDefinitions ?? [];
  const given = Object.fromEntries(
    Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
  );
  expect(given).toMatchObject({ STAGE: "dev", RELAY_URL: "wss://relay.dev.invalid/ws" });
});

test("the relay may write no money, no message and no frame", async () => {
  const [role] = await resourcesWith(withRelay, "relay", "AWS::IAM::Role");
  const statements: Statement[] = role?.Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) =>
      PolicyDocument.Statement,
  );
  const changing = statements.filter(({ Action }) => [Action].flat().includes("dynamodb:PutItem"));
  const text = JSON.stringify(changing);
  for (const partition of ["WALLET", "LEDGER", "GIFT", "CHAT", "FRAMES"])
    expect(text).not.toContain(`"${partition}#*"`);
  expect(text).toContain('"MAIL#*"');
});

const dev = stageNamed("dev");
const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
const name = "live.acme.com";
const placed = { ...dev, account: "111122223333", region: "eu-central-1" };
const relay = { minTasks: 2, maxTasks: 8, fromViewers: 2_000 };
const relayed: Stage = { ...placed, domain: { name, zone }, relay };
const { templates, stacks } = await synthesize(relayed);
const the = (type: string) => theResource(templates, `AWS::${type}`, "relay").Properties;
const all = (type: string) =>
  resourcesOf(templates, `AWS::${type}`, "relay").map(({ Properties }) => Properties);

describe("a stage with a relay and a domain", () => {
  test("fits the size that AWS allows a task's definition", () => {
    expect(JSON.stringify(the("ECS::TaskDefinition")).length).toBeLessThan(32_000);
  });

  test("changes nothing if it is not requested", async () => {
    const plain = await synthesize({ ...placed, domain: { name, zone } });
    const text = JSON.stringify(plain.stacks);
    expect(text).not.toMatch(/relay\.|RELAY_|AWS::ECS|AWS::EC2|MAIL#/);
    const others = stacks.filter((stack) => !stack.name.endsWith("-relay"));
    const names = (of: typeof stacks) => of.map((stack) => stack.name).sort();
    expect(names(others)).toEqual(names(plain.stacks));
  });

  test("has its tasks reachable only by TLS, and only through the load balancer", () => {
    const [listener, ...more] = all("ElasticLoadBalancingV2::Listener");
    expect(more).toEqual([]);
    // This policy has no TLS below 1.2; the default one accepts 1.0.
    const SslPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";
    expect(listener).toMatchObject({ Port: 443, Protocol: "TLS", SslPolicy });
    expect(the("CertificateManager::Certificate").DomainName).toBe(`relay.${name}`);
    const record = the("Route53::RecordSet");
    expect(record).toMatchObject({ Name: `relay.${name}.`, Type: "A" });
    // Only the names of other kinds of load balancers also exist with `dualstack.` before them.
    expect(flat(record.AliasTarget.DNSName)).toMatch(/^<entrance\w+\.DNSName>$/);
    // Addresses reach one port of the load balancer; tasks are reached from its security group
    // only.
    const open = all("EC2::SecurityGroup").flatMap(
      ({ GroupDescription, SecurityGroupIngress = [] }) =>
        SecurityGroupIngress.map(({ FromPort, ToPort }: { FromPort: number; ToPort: number }) => [
          ...[GroupDescription, FromPort, ToPort],
        ]),
    );
    expect(open).toEqual([["The load balancer of the relay", 443, 443]]);
    const [entry, ...others] = all("EC2::SecurityGroupIngress");
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ FromPort: 8_080, ToPort: 8_080 });
    expect(flat(entry.SourceSecurityGroupId)).toContain("entrancegroup");
  });

  test("sees clients' addresses, and balances them over tasks in both zones", () => {
    const attributes = Object.fromEntries(
      the("ElasticLoadBalancingV2::TargetGroup").TargetGroupAttributes.map(
        ({ Key, Value }: { Key: string; Value: string }) => [Key, Value],
      ),
    );
    expect(attributes).toMatchObject({
      "preserve_client_ip.enabled": "true",
      // A task that ends gets no new sockets, long before it is stopped; its own are left open.
      "deregistration_delay.timeout_seconds": "30",
      "deregistration_delay.connection_termination.enabled": "false",
    });
    const { LoadBalancerAttributes, Subnets } = the("ElasticLoadBalancingV2::LoadBalancer");
    expect(LoadBalancerAttributes).toContainEqual({
      Key: "load_balancing.cross_zone.enabled",
      Value: "true",
    });
    expect(Subnets).toHaveLength(2);
  });

  test("pays for no NAT, and reads the table inside of AWS", () => {
    expect(all("EC2::NatGateway")).toEqual([]);
    const endpoints = all("EC2::VPCEndpoint");
    for (const { VpcEndpointType } of endpoints) expect(VpcEndpointType).toBe("Gateway");
    expect(endpoints.map(({ ServiceName }) => flat(ServiceName)).sort()).toEqual([
      "com.amazonaws.<AWS::Region>.dynamodb",
      "com.amazonaws.<AWS::Region>.s3",
    ]);
    const { NetworkConfiguration } = the("ECS::Service");
    expect(NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp).toBe("ENABLED");
  });

  test("replaces its tasks a few at a time, each of which closes its sockets in waves", () => {
    const { DeploymentConfiguration, DesiredCount } = the("ECS::Service");
    expect(DeploymentConfiguration).toMatchObject({
      MinimumHealthyPercent: 100,
      MaximumPercent: 150,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    });
    // Otherwise each deployment would remove the tasks that were added for a full room.
    expect(DesiredCount).toBeUndefined();
    const [{ Command, StopTimeout }] = the("ECS::TaskDefinition").ContainerDefinitions;
    // Fargate's maximum is 120 s; the waves end before that.
    expect(StopTimeout).toBe(120);
    expect(Number(Command.at(-1))).toBeLessThanOrEqual(1_000 * (StopTimeout - 15));
  });

  test.each([1, 2, 3, 4, 5, 8, 60])("can replace %i tasks at all", (minTasks) => {
    const most = Math.floor((minTasks * rollingPercent({ ...relay, minTasks })) / 100);
    expect(most).toBeGreaterThan(minTasks);
    if (minTasks > 4) expect(most).toBeLessThan(1.3 * minTasks);
  });

  test("has addresses for the most tasks, and for those that they replace", () => {
    // AWS keeps five of each subnet, and the load balancer has one.
    const free = all("EC2::Subnet").map(
      ({ CidrBlock }) => 2 ** (32 - Number(CidrBlock.split("/")[1])) - 5 - 1,
    );
    expect(free).toHaveLength(2);
    const most = Math.floor(free.reduce((sum, count) => sum + count) / 2);
    const problemsOf = (maxTasks: number) =>
      relayProblemsOf({ ...relayed, relay: { ...relay, minTasks: 1, maxTasks } });
    expect(problemsOf(most)).toEqual([]);
    expect(problemsOf(most + 1)).toHaveLength(1);
  });

  test("scales between its bounds by CPU and by sockets", () => {
    const target = the("ApplicationAutoScaling::ScalableTarget");
    expect(target).toMatchObject({ MinCapacity: 2, MaxCapacity: 8 });
    const policies = all("ApplicationAutoScaling::ScalingPolicy").map(
      ({ TargetTrackingScalingPolicyConfiguration }) => TargetTrackingScalingPolicyConfiguration,
    );
    expect(policies).toHaveLength(2);
    // Added before a task has its target, removed slowly: their viewers have to reconnect.
    const { wanted } = socketsPerTask;
    expect(policies.map(({ TargetValue }) => TargetValue).sort()).toEqual([50, wanted]);
    for (const { ScaleOutCooldown, ScaleInCooldown } of policies)
      expect([ScaleOutCooldown, ScaleInCooldown]).toEqual([60, 900]);
    expect(policies).toContainEqual(
      expect.objectContaining({
        CustomizedMetricSpecification: {
          Namespace: "Ovation",
          MetricName: "RelaySockets",
          Statistic: "Average",
          Dimensions: [{ Name: "stage", Value: "dev" }],
        },
      }),
    );
  });

  test("is on the dashboard by the sockets of a task, not by the sum of its reports", () => {
    const { DashboardBody } = theResource(
      templates,
      "AWS::CloudWatch::Dashboard",
      "watch",
    ).Properties;
    const { widgets } = JSON.parse(flat(DashboardBody)) as { widgets: Widget[] };
    const shown = widgets.find(({ properties: { title } }) => title === "RelaySockets");
    const statistics = shown?.properties.metrics.map(
      (line) => (line.at(-1) as { stat?: string }).stat,
    );
    // The default statistic, the average, is not written down.
    expect(statistics).toEqual([undefined, "Maximum"]);
  });

  test("runs Node's image by its digest and the bundle by its hash, without a disk", () => {
    const [container] = the("ECS::TaskDefinition").ContainerDefinitions;
    expect(container.Image).toMatch(/^public\.ecr\.aws\/docker\/library\/node:24.*@sha256:\w{64}$/);
    const bundle = readFileSync(join(import.meta.dirname, "../../dist/relay/index.cjs"));
    expect(container.Command).toContain(createHash("sha256").update(bundle).digest("hex"));
    expect(container).toMatchObject({ ReadonlyRootFilesystem: true, User: "node" });
    expect(container.LogConfiguration.Options.mode).toBe("non-blocking");
    const { Policies } = theResource(templates, "AWS::IAM::Role", "relay", ({ Properties }) =>
      Boolean(Properties.Policies),
    ).Properties;
    const [{ PolicyDocument }] = Policies;
    const reads = PolicyDocument.Statement.filter(({ Action }: Statement) =>
      [Action].flat().some((action) => action.startsWith("s3:")),
    );
    expect(reads).toHaveLength(1);
    expect(flat(reads[0].Resource)).toMatch(/\/[0-9a-f]{64}\.cjs$/);
  });

  test("lets its pages open sockets there, and other stages' pages nowhere else", async () => {
    const policies = (of: typeof templates) =>
      resourcesOf(of, "AWS::CloudFront::ResponseHeadersPolicy", "host").flatMap(
        ({ Properties: { ResponseHeadersPolicyConfig: config } }) =>
          config.SecurityHeadersConfig.ContentSecurityPolicy?.ContentSecurityPolicy ?? [],
      );
    const sources = (policy: string) => /connect-src ([^;]*)/.exec(policy)?.[1] ?? "none";
    expect(policies(templates).map(sources)).toContain(`'self' wss://relay.${name}`);
    const plain = await synthesize({ ...placed, domain: { name, zone } });
    expect(policies(plain.templates).map(sources)).toContain("'self'");
    expect(JSON.stringify(policies(plain.templates))).not.toContain("wss:");
  });

  test("uses a certificate if the domain's zone is not ours", async () => {
    const certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/relay";
    const ofDomain = "arn:aws:acm:us-east-1:111122223333:certificate/domain";
    const own = await synthesize({
      ...relayed,
      domain: { name, certificate: ofDomain },
      relay: { ...relay, certificate },
    });
    const listener = theResource(own.templates, "AWS::ElasticLoadBalancingV2::Listener", "relay");
    expect(listener.Properties.Certificates).toEqual([{ CertificateArn: certificate }]);
    expect(resourcesOf(own.templates, "AWS::CertificateManager::Certificate")).toEqual([]);
    expect(resourcesOf(own.templates, "AWS::Route53::RecordSet")).toEqual([]);
  });
});
