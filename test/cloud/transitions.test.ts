/** Every documented change of a deployment, checked with CloudFormation's rules. */
import { describe, expect, test } from "@jest/globals";
import { type Stage, stageNamed } from "../../lib/stages/stages.ts";
import {
  Account,
  exportsOf,
  isProtected,
  protectedTooEarly,
  type Stack,
} from "./cloudformation.ts";
import { synthesize } from "./templates.ts";

const given = (name: string): Stage => stageNamed(name);
const place = { account: "111122223333", region: "eu-central-1" };
const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
const issuer = { issuer: "https://id.acme.com", audience: "a", jwks: "https://id.acme.com/jwks" };
const restored = {
  table: "ovation-prod-2",
  streamArn: "arn:aws:dynamodb:eu-central-1:111122223333:table/ovation-prod-2/stream/2026-11-21",
};
const prod = { ...given("prod"), ...place };
const at = (name: string, more: object = {}) => ({ domain: { name, zone, ...more } });
const relay = { minTasks: 2, maxTasks: 8, fromViewers: 2_000 };
const stacksOf = async (more: object) => (await synthesize({ ...prod, ...more })).stacks;

const states = {
  plain: await stacksOf({}),
  domain: await stacksOf(at("live.acme.com")),
  "another domain": await stacksOf(at("tv.acme.com")),
  "a domain with old names": await stacksOf(at("live.acme.com", { keepsOldNames: true })),
  "own issuer": await stacksOf({ issuer }),
  "another audience": await stacksOf({ issuer: { ...issuer, audience: "a,b" } }),
  "other keys": await stacksOf({ issuer: { ...issuer, jwks: "https://id.acme.com/keys" } }),
  restored: await stacksOf({ restored }),
  relay: await stacksOf({ relay, ...at("live.acme.com") }),
  "a relay of another domain": await stacksOf({ relay, ...at("tv.acme.com") }),
  "restored with a domain": await stacksOf({ restored, ...at("live.acme.com") }),
  "no firewall": await stacksOf({ firewall: false }),
  "a domain without a firewall": await stacksOf({ firewall: false, ...at("live.acme.com") }),
};
type State = keyof typeof states;
const dev = (await synthesize(given("dev"))).stacks;

/** The concurrency of prod's account that Lambda permits to reserve. */
const reservable = prod.accountConcurrency - 100;

const changes: State[][] = [
  ["plain", "plain"],
  ["plain", "domain", "another domain", "domain", "plain", "domain"],
  ["plain", "a domain with old names", "domain", "a domain with old names", "plain"],
  ["plain", "relay", "domain", "relay", "a relay of another domain", "plain"],
  ["plain", "own issuer", "another audience", "own issuer", "other keys", "plain", "own issuer"],
  ["plain", "restored", "plain", "restored"],
  ["domain", "restored with a domain", "domain", "restored", "plain"],
  ["plain", "no firewall", "plain"],
  ["domain", "a domain without a firewall", "domain", "no firewall", "domain"],
];

test.each(changes.map((each) => [each.join(" → "), each] as const))("%s", (_, each) => {
  const account = new Account(reservable);
  for (const state of each) expect([state, account.deploy(states[state])]).toEqual([state, []]);
});

test("another issuer, audience or keys reach every function that knows them, by a new version", () => {
  const versionsOf = (state: State) =>
    states[state].flatMap(({ template }) =>
      Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) => {
        if (Type !== "AWS::Lambda::Version") return [];
        const { Ref: target } = Properties.FunctionName as { Ref: string };
        const { Environment } = template.Resources[target]?.Properties ?? {};
        return [{ id, knows: Object.keys((Environment as Settings).Variables) }];
      }),
    );
  type Settings = { Variables: Record<string, unknown> };
  for (const [before, after, setting] of [
    ["plain", "own issuer", "ISSUER"],
    ["own issuer", "another audience", "AUDIENCE"],
    ["own issuer", "other keys", "JWKS_URI"],
  ] as const) {
    const kept = new Set(versionsOf(before).map(({ id }) => id));
    const changed = versionsOf(after).filter(({ id }) => !kept.has(id));
    const knowing = versionsOf(after).filter(({ knows }) => knows.includes(setting));
    expect(knowing.length).toBeGreaterThan(0);
    expect([after, changed]).toEqual([after, knowing]);
  }
});

test("a stage that does not keep its data may turn its domain's firewall off and on, too", async () => {
  const staging = { ...given("staging"), ...place, ...at("live.acme.com") };
  const account = new Account();
  for (const firewall of [true, false, true]) {
    const { stacks } = await synthesize({ ...staging, firewall });
    expect([firewall, account.deploy(stacks)]).toEqual([firewall, []]);
  }
});

test.each(Object.keys(states) as State[])(
  "what reads the table's stream and the queues is deployed before the APIs that write there (%s)",
  (state) => {
    // Explicit dependencies: without them, independent stacks have the order of their names.
    const after = new Map(states[state].map((stack) => [stack.name, stack.after ?? []]));
    const reach = (name: string): string[] => [name, ...(after.get(name) ?? []).flatMap(reach)];
    const earlier = (name: string) => new Set(reach(`ovation-prod-${name}`));
    const of = (type: string) =>
      states[state].flatMap(({ name, template }) =>
        Object.values(template.Resources)
          .filter(({ Type }) => Type === type)
          .map(() => name.replace("ovation-prod-", "")),
      );
    const readers = of("AWS::Lambda::EventSourceMapping");
    expect(readers.length).toBeGreaterThan(10);
    // The API of pictures only reads, so its stack has its own reader.
    const writers = ["tencent", "core", "community", "management", "http"];
    for (const reader of new Set(readers))
      for (const writer of writers)
        expect([reader, writer, earlier(writer).has(`ovation-prod-${reader}`)]).toEqual([
          ...[reader, writer, true],
        ]);
  },
);

describe.each(["plain", "domain", "own issuer", "relay", "no firewall"] as const)(
  "a first deployment (%s)",
  (state) => {
    const stacks = states[state];

    test("may end after each stack, and be repeated", () => {
      for (const at of stacks.keys()) {
        const account = new Account(reservable);
        expect(account.deploy(stacks.slice(0, at))).toEqual([]);
        expect(account.deploy(stacks)).toEqual([]);
      }
    });

    test("may fail at each resource, and leaves nothing that blocks the next one", () => {
      expect(stacks.flatMap(protectedTooEarly)).toEqual([]);
      // Other retained resources are deleted with a stack whose creation fails.
      for (const { name, template } of stacks)
        for (const [id, { DeletionPolicy = "Delete", Type }] of Object.entries(template.Resources))
          if (name !== "ovation-account" && Type !== "AWS::CertificateManager::Certificate")
            expect([id, DeletionPolicy]).not.toEqual([id, "Retain"]);
    });
  },
);

describe("deleting a stage", () => {
  const own = (stacks: readonly Stack[]) => stacks.filter(({ name }) => name !== "ovation-account");

  test("leaves nothing of dev, which is then deployed again", () => {
    const account = new Account();
    expect(account.deploy(dev)).toEqual([]);
    expect(account.destroy(own(dev))).toEqual([]);
    expect([...account.kept]).toEqual([]);
    expect(account.deploy(dev)).toEqual([]);
  });

  test("keeps prod's data, and deletes nothing that is protected", () => {
    const account = new Account(reservable);
    expect(account.deploy(states.domain)).toEqual([]);
    expect(account.destroy(own(states.domain))).toEqual([]);
    expect([...account.kept]).toContain('AWS::DynamoDB::GlobalTable "ovation-prod"');
    // As docs/deploying.md says: what was retained keeps its name.
    expect(account.deploy(states.domain)).not.toEqual([]);
  });

  test("deletes the domain's stacks once a stage has none", () => {
    const account = new Account(reservable);
    for (const state of ["domain", "plain"] as const) account.deploy(states[state]);
    const left = states.domain.filter(({ name }) => !states.plain.some((one) => one.name === name));
    expect(left.map(({ name }) => name.replace("ovation-prod-", "")).sort()).toEqual([
      ...["edge", "host", "host-watch"],
    ]);
    expect(account.destroy(left)).toEqual([]);
  });

  test("deletes the relay's stack once a stage has none, and may recreate it", () => {
    const account = new Account(reservable);
    for (const state of ["relay", "domain"] as const)
      expect(account.deploy(states[state])).toEqual([]);
    const left = states.relay.filter(({ name }) => !states.domain.some((one) => one.name === name));
    expect(left.map(({ name }) => name)).toEqual(["ovation-prod-relay"]);
    expect(account.destroy(left)).toEqual([]);
    expect(account.deploy(states.relay)).toEqual([]);
  });
});

test("exports only have values that never change, whatever a stage has", () => {
  const names = (state: State) =>
    states[state]
      .flatMap(({ template }) => [...exportsOf(template)])
      .map(String)
      .sort();
  const common = names("plain");
  expect(common.length).toBe(17);
  for (const state of Object.keys(states) as State[]) {
    if (!states[state].some((one) => one.name === "ovation-prod-users")) continue;
    expect([state, names(state)]).toEqual([state, common]);
  }
  // Functions, queues, tables and logs are not exported, since their names follow from the stage.
  const types = states.plain.flatMap(({ template }) =>
    [...exportsOf(template).values()].map((value) => {
      const [, id] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(JSON.stringify(value)) ?? [];
      return template.Resources[id!]!.Type;
    }),
  );
  expect([...new Set(types)].sort()).toEqual([
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Api",
    "AWS::Cognito::UserPool",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
  ]);
});

test("functions could not move to another stack after a deployment: their names would be taken", () => {
  // If `http` had all functions, a function of `core` would be created while `http` has its name.
  const merged = states.plain.flatMap(({ name, template }) =>
    /-(core|community|management)$/.test(name) ? [] : [{ name, template }],
  );
  const http = merged.find(({ name }) => name.endsWith("-http"))!;
  const core = states.plain.find(({ name }) => name.endsWith("-core"))!;
  const one = {
    ...http,
    template: {
      ...http.template,
      Resources: { ...core.template.Resources, ...http.template.Resources },
    },
  };
  const account = new Account();
  account.deploy([...merged.filter((stack) => stack !== http), one]);
  expect(account.deploy(states.plain).join()).toMatch(/Function "ovation-prod-[\w-]+" is in/);
});

test("the rules apply to prod's table and pool", () => {
  const found = states.plain.flatMap(({ template }) => Object.values(template.Resources));
  expect(
    found
      .filter(isProtected)
      .map(({ Type }) => Type)
      .sort(),
  ).toEqual(["AWS::Cognito::UserPool", "AWS::DynamoDB::GlobalTable"]);
});
