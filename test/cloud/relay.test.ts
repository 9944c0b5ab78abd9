import { expect, test } from "@jest/globals";
import { templatesOf } from "./templates.ts";

/** Statements of a policy, by the table's partitions that they are about. */
type Statement = { Action: string | string[]; Condition?: { [test: string]: unknown } };

const withRelay = { stage: "dev", relay: "on" };

const resourcesOf = async (options: Record<string, string>, stack: string, type: string) =>
  Object.values((await templatesOf(options))[stack] ?? {}).filter(({ Type }) => Type === type);

test("a stage has a relay's task only where it asks for one", async () => {
  const templates = await templatesOf({ stage: "dev" });
  expect(Object.keys(templates)).not.toContain("relay");
  expect(JSON.stringify(templates)).not.toContain("RELAY_URL");
  const [task, ...others] = await resourcesOf(withRelay, "relay", "AWS::ECS::TaskDefinition");
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
  const [role] = await resourcesOf(withRelay, "relay", "AWS::IAM::Role");
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
