import { describe, expect, test } from "@jest/globals";
import { stageOf } from "../../lib/stages/stages.ts";
import {
  flat,
  functionsOf,
  resourcesOf,
  synthesize,
  templatesOf,
  theResource,
} from "./templates.ts";

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

describe.each(["dev", "prod"] as const)("the user pool of %s", (stage) => {
  const templates = all[stage];
  const inProd = stage === "prod";
  const pool = theResource(templates, "AWS::Cognito::UserPool", "users").Properties;
  const clients = new Map(
    Object.entries(templates.identity!)
      .filter(([, { Type }]) => Type === "AWS::Cognito::UserPoolClient")
      .map(([id, { Properties }]) => [/^pool([a-z]+?)[0-9A-F]{8}$/.exec(id)?.[1], Properties]),
  );

  test("has the plan for its features, and sends mail from the stage's own address", () => {
    expect(pool.UserPoolTier).toBe("LITE");
    expect(pool.MfaConfiguration).toBe("OPTIONAL");
    expect(pool.EnabledMfas).toEqual(["SOFTWARE_TOKEN_MFA"]);
    expect(pool.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate).toEqual([
      "email",
    ]);
    expect(pool.EmailConfiguration?.From).toBe(inProd ? "no-reply@ovation.example" : undefined);
    if (inProd)
      expect(flat(pool.EmailConfiguration.SourceArn)).toMatch(/:identity\/ovation\.example$/);
  });

  test("knows its users by their addresses in whatever case they type them", () => {
    expect(pool.UsernameAttributes).toEqual(["email"]);
    expect(pool.UsernameConfiguration).toEqual({ CaseSensitive: false });
  });

  test("can be changed later: CloudFormation fails updates of a pool with attributes", () => {
    expect(pool.Schema).toBeUndefined();
  });

  test("has three clients, each with the one flow that it uses", () => {
    expect([...clients.keys()].sort()).toEqual(["app", "console", "machine"]);
    const refresh = "ALLOW_REFRESH_TOKEN_AUTH";
    expect(clients.get("app")).toMatchObject({
      ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", refresh],
      AllowedOAuthFlowsUserPoolClient: false,
    });
    expect(clients.get("app").AllowedOAuthFlows).toBeUndefined();
    expect(clients.get("app").CallbackURLs).toBeUndefined();
    expect(clients.get("console")).toMatchObject({
      ExplicitAuthFlows: ["ALLOW_ADMIN_USER_PASSWORD_AUTH", refresh],
      AllowedOAuthFlows: ["code"],
      AllowedOAuthScopes: ["openid", "profile"],
      CallbackURLs: [inProd ? "https://ovation.example/console" : "http://localhost:4000/console"],
    });
    expect(clients.get("machine")).toMatchObject({
      ExplicitAuthFlows: [refresh],
      AllowedOAuthFlows: ["client_credentials"],
      GenerateSecret: true,
    });
    expect(clients.get("machine").AllowedOAuthScopes.map(flat)).toEqual([
      expect.stringMatching(/^<api\w+>\/service$/),
    ]);
    for (const name of ["app", "console"]) expect(clients.get(name).GenerateSecret).toBeFalsy();
  });

  test("lets users write their profile and address, and nothing else", () => {
    const own = ["email", "family_name", "given_name", "picture", "preferred_username"];
    for (const client of clients.values()) {
      expect([...client.WriteAttributes].sort()).toEqual(own);
      expect([...client.ReadAttributes].sort()).toEqual([...own, "email_verified"].sort());
      expect(client.EnableTokenRevocation).toBe(true);
      expect(client.PreventUserExistenceErrors).toBe("ENABLED");
    }
  });

  test("keeps its users in prod, and refuses passwords that are easily guessed", () => {
    expect(pool.DeletionProtection).toBe(inProd ? "ACTIVE" : "INACTIVE");
    expect(pool.Policies.PasswordPolicy).toMatchObject({
      MinimumLength: 12,
      RequireLowercase: true,
      RequireUppercase: true,
      RequireNumbers: true,
      RequireSymbols: true,
    });
  });

  test("signs apps in for a month, the console for hours, each token for one hour", () => {
    // In minutes, as CDK writes them.
    const of = (name: string) => clients.get(name).RefreshTokenValidity;
    expect([of("app"), of("console")]).toEqual([30 * 24 * 60, 2 * 60]);
    for (const client of clients.values())
      expect(client).toMatchObject({
        IdTokenValidity: 60,
        AccessTokenValidity: 60,
        TokenValidityUnits: { IdToken: "minutes", AccessToken: "minutes" },
      });
    const { CallbackURLs, LogoutURLs } = clients.get("console");
    expect(LogoutURLs).toEqual(CallbackURLs);
  });

  test("names its issuer, and the keys where Cognito publishes them", () => {
    const parameters = resourcesOf(templates, "AWS::SSM::Parameter").map(({ Properties }) => [
      Properties.Name.replace(/^.*\//, ""),
      flat(Properties.Value),
    ]);
    const { issuer, jwks } = Object.fromEntries(parameters);
    expect(issuer).toMatch(/^https:\/\/cognito-idp\.<AWS::Region>\.amazonaws\.com\/<.*users.*>$/);
    expect(jwks).toBe(`${issuer}/.well-known/jwks.json`);
  });

  test("has one scope, for back ends, and a host name for its pages", () => {
    const server = theResource(templates, "AWS::Cognito::UserPoolResourceServer", "identity");
    expect(server.Properties).toMatchObject({
      Identifier: "ovation",
      Scopes: [{ ScopeName: "service" }],
    });
    const { Domain } = theResource(
      templates,
      "AWS::Cognito::UserPoolDomain",
      "identity",
    ).Properties;
    expect(flat(Domain)).toBe(`ovation-${stage}-<AWS::AccountId>`);
    const { Variables } = functionsOf(templates).get(`ovation-${stage}-auth-http`)!.properties
      .Environment;
    expect(Variables.ROLE_SCOPES).toBe("service=ovation/service");
  });

  test("signs the console in with the first accepted client", () => {
    const [audience] = resourcesOf(templates, "AWS::SSM::Parameter")
      .map(({ Properties }) => Properties)
      .filter(({ Name }) => Name.endsWith("/audience"));
    expect(flat(audience.Value)).toMatch(/^<poolconsole\w+>,<poolapp\w+>,<poolmachine\w+>$/);
  });

  test("checks users with a role for a second factor before it issues a token", () => {
    const [version, arn] = [
      pool.LambdaConfig.PreTokenGenerationConfig.LambdaVersion,
      flat(pool.LambdaConfig.PreTokenGenerationConfig.LambdaArn),
    ];
    expect([version, arn]).toEqual(["V1_0", expect.stringMatching(/^<authsecondfactor\w+\.Arn>$/)]);
    const { properties, role } = functionsOf(templates).get(`ovation-${stage}-auth-second-factor`)!;
    expect(Object.keys(properties.Environment.Variables)).toEqual(["STAGE"]);
    expect(role.map(({ Action }) => Action)).toEqual([
      ["logs:CreateLogStream", "logs:PutLogEvents"],
    ]);
    const { PolicyDocument } = theResource(
      templates,
      "AWS::IAM::RolePolicy",
      "identity",
    ).Properties;
    expect(PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Action: "cognito-idp:AdminGetUser",
        Resource: { "Fn::ImportValue": expect.stringMatching(/GetAttusers\w+Arn/) },
      }),
    ]);
    const permission = theResource(templates, "AWS::Lambda::Permission", "identity").Properties;
    expect(permission.Principal).toBe("cognito-idp.amazonaws.com");
    expect(flat(permission.SourceArn)).toMatch(/^<ovation-\w+-users:\w+GetAttusers\w+Arn\w+>$/);
  });

  test("is behind a firewall in prod, with a rate and no content rules", () => {
    const found = resourcesOf(templates, "AWS::WAFv2::WebACL", "identity");
    expect(found.length).toBe(inProd ? 1 : 0);
    if (!inProd) return;
    const [rate, ...others] = found[0]!.Properties.Rules;
    expect(rate.Action).toEqual({ Block: {} });
    // A thousand viewers behind one address sign in within five minutes, in three calls each.
    expect(rate.Statement.RateBasedStatement.Limit).toBe(3_000);
    for (const { OverrideAction } of others) expect(OverrideAction).toEqual({ None: {} });
    const rules = found[0]!.Properties.Rules.map(({ Name }: { Name: string }) => Name);
    expect(rules).toEqual([
      "rate",
      "AWSManagedRulesAmazonIpReputationList",
      "AWSManagedRulesKnownBadInputsRuleSet",
    ]);
    const joint = theResource(templates, "AWS::WAFv2::WebACLAssociation", "identity").Properties;
    expect(flat(joint.ResourceArn)).toMatch(/^<ovation-\w+-users:\w+GetAttusers\w+Arn\w+>$/);
  });
});

test("a stage with an external issuer has no pool, no trigger and no host name of ours", async () => {
  const issuer = { issuer: "https://i.acme.com", audience: "a,b", jwks: "https://i.acme.com/k" };
  const roleScopes = { admin: "write:all", service: "service" };
  const stage = {
    ...stageOf(() => undefined),
    issuer,
    roleScopes,
    subjectClaim: "https://acme/id",
  };
  const { templates } = await synthesize(stage);
  const types = new Set(Object.values(templates.identity!).map(({ Type }) => Type));
  expect([...types]).toEqual(["AWS::SSM::Parameter"]);
  const { Variables } =
    functionsOf(templates).get("ovation-dev-auth-socket")!.properties.Environment;
  expect(Variables).toMatchObject({
    ROLE_SCOPES: "admin=write:all,service=service",
    SUBJECT_CLAIM: "https://acme/id",
  });
});
