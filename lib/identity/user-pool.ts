import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import {
  type CfnUserPool,
  CfnUserPoolGroup,
  ClientAttributes,
  UserPoolClient as ClientOfPool,
  FeaturePlan,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClientOptions,
  UserPoolDomain,
  UserPoolResourceServer,
} from "aws-cdk-lib/aws-cognito";
import { CfnRolePolicy, PolicyDocument, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { CfnPermission, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { logGroup } from "../api/gateway.ts";
import { addFunction } from "../compute/lambdas.ts";
import { type StackInputs, siteOf } from "../compute/site.ts";
import { removalPolicyOf } from "../data/data.ts";
import { exportPermanently } from "../data/outputs.ts";
import { addPoolFirewall } from "../edge/firewall.ts";
import { onlyRow, rowsOf } from "../stages/route-table.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";

/**
 * The profile attributes that users may write, and that functions read (platform/auth/token.ts).
 */
const profile = {
  email: true,
  preferredUsername: true,
  givenName: true,
  familyName: true,
  profilePicture: true,
};

/** Allows no sign-in with a password, only refreshing, which Cognito always allows a client. */
const refreshAlone = { userSrp: false };

/** How long users who open the app now and then stay signed in. */
const signedInDays = 30;

/**
 * A Cognito pool whose ID tokens have the groups and the profile, in the plan that includes this:
 * the next plan costs nearly three times as much per user. It is the last resource of its own
 * stack: its protection would prevent the rollback of a failed first deployment. It declares no
 * attributes, since CloudFormation fails every update of a pool that does (aws/aws-cdk#8585); each
 * user has the address with which they sign in.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-sign-in-feature-plans.html
 */
export class Users extends Stack {
  readonly pool: UserPool;
  readonly trigger: Lambda;

  constructor(scope: Construct, id: string, stage: Stage, inputs: StackInputs) {
    super(scope, id, stackEnvironmentOf(stage));
    const log = logGroup(this, "log", stage, "identity");
    const row = onlyRow(rowsOf("trigger"), "trigger");
    this.trigger = addFunction(siteOf(this, stage, log, inputs), row);
    this.pool = new UserPool(this, "users", {
      userPoolName: `ovation-${stage.name}`,
      selfSignUpEnabled: true,
      signInAliases: { email: true },
      // CDK's default makes Ann@acme.com and ann@acme.com two users, for good: Cognito refuses to
      // change it for a pool that exists.
      signInCaseSensitive: false,
      autoVerify: { email: true },
      // An address counts once it is verified; until then the previous one does.
      keepOriginal: { email: true },
      featurePlan: FeaturePlan.LITE,
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: stage.keepData,
      removalPolicy: removalPolicyOf(stage),
    });
    if (stage.mailFrom !== undefined) writeFrom(this, this.pool, stage.mailFrom);
    // `addTrigger` would add the permission here, after the pool.
    (this.pool.node.defaultChild as CfnUserPool).lambdaConfig = {
      preTokenGenerationConfig: { lambdaArn: this.trigger.functionArn, lambdaVersion: "V1_0" },
    };
    const { userPoolId, userPoolArn } = this.pool;
    const { roleName } = this.trigger.role as Role;
    exportPermanently(this, userPoolId, userPoolArn, this.trigger.functionArn, roleName);
  }
}

/**
 * Everything that a pool needs besides itself: its trigger's permissions, groups, clients, pages
 * and a firewall. Returns the parameters that identify its tokens.
 */
export function addUserPoolResources(stack: Stack, stage: Stage, { pool, trigger }: Users) {
  allowTrigger(stack, pool, trigger);
  for (const groupName of ["admin", "service"])
    new CfnUserPoolGroup(stack, `group-${groupName}`, { userPoolId: pool.userPoolId, groupName });
  // Names of such domains are unique in a region, and the account's number is unique.
  const domainPrefix = `ovation-${stage.name}-${stack.account}`;
  const cognitoDomain = { domainPrefix };
  const domain = new UserPoolDomain(stack, "domain", { userPool: pool, cognitoDomain });
  if (stage.firewall) addPoolFirewall(stack, `ovation-${stage.name}-users`, pool.userPoolArn);
  const { app, console, machine } = placeClients(stack, pool, stage);
  const outputs = {
    pool: pool.userPoolId,
    client: app.userPoolClientId,
    "console-client": console.userPoolClientId,
    "machine-client": machine.userPoolClientId,
    "sign-in": domain.baseUrl(),
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
  const issuer = `https://cognito-idp.${stack.region}.amazonaws.com/${pool.userPoolId}`;
  const clients = [console, app, machine];
  return {
    issuer,
    audience: clients.map(({ userPoolClientId }) => userPoolClientId).join(),
    jwks: `${issuer}/.well-known/jwks.json`,
  };
}

/**
 * The clients that may request tokens, each with the one flow that it uses: apps use SRP, which
 * does not send the password, the console redirects users to the pool's own pages (code and PKCE),
 * and a back end has a secret. The console's first admin signs in with an operator's own rights.
 */
function placeClients(stack: Stack, userPool: UserPool, stage: Stage) {
  const attributes = new ClientAttributes().withStandardAttributes(profile);
  const common = {
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    idTokenValidity: Duration.hours(1),
    accessTokenValidity: Duration.hours(1),
    readAttributes: attributes.withStandardAttributes({ emailVerified: true }),
    writeAttributes: attributes,
  };
  const addClient = (id: string, more: UserPoolClientOptions) =>
    new ClientOfPool(stack, `pool-${id}`, { userPool, ...common, ...more });
  const app = addClient("app", {
    authFlows: { userSrp: true },
    disableOAuth: true,
    refreshTokenValidity: Duration.days(signedInDays),
  });
  const console = addClient("console", {
    authFlows: { adminUserPassword: true },
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: [OAuthScope.OPENID, OAuthScope.PROFILE],
      callbackUrls: [...stage.consoleUrls],
      logoutUrls: [...stage.consoleUrls],
    },
    // Must be at least that of the other tokens; the console signs in again instead of refreshing.
    refreshTokenValidity: Duration.hours(2),
  });
  const identifier = "ovation";
  const scopes = Object.values(stage.roleScopes)
    .filter((name) => name.startsWith(`${identifier}/`))
    .map(
      (name) =>
        new ResourceServerScope({
          scopeName: name.slice(identifier.length + 1),
          scopeDescription: "What a back end of ours may do",
        }),
    );
  const server = new UserPoolResourceServer(stack, "api", { userPool, identifier, scopes });
  const machine = addClient("machine", {
    authFlows: refreshAlone,
    generateSecret: true,
    oAuth: {
      flows: { clientCredentials: true },
      scopes: scopes.map((scope) => OAuthScope.resourceServer(server, scope)),
    },
  });
  return { app, console, machine };
}

/** Cognito's own sender sends at most fifty mails a day, from an Amazon address. */
function writeFrom({ partition, region, account }: Stack, pool: UserPool, from: string): void {
  (pool.node.defaultChild as CfnUserPool).emailConfiguration = {
    emailSendingAccount: "DEVELOPER",
    from,
    sourceArn: `arn:${partition}:ses:${region}:${account}:identity/${from.split("@").at(-1)}`,
  };
}

/** Allows the function that removes roles from users without a second factor to read the pool. */
function allowTrigger(stack: Stack, pool: UserPool, trigger: Lambda): void {
  new CfnPermission(stack, "trigger", {
    action: "lambda:InvokeFunction",
    functionName: trigger.functionArn,
    principal: "cognito-idp.amazonaws.com",
    sourceArn: pool.userPoolArn,
  });
  const { contract } = onlyRow(rowsOf("trigger"), "trigger");
  if (contract.grants.userPool !== true || trigger.role === undefined) return;
  const look = new PolicyStatement({
    actions: ["cognito-idp:AdminGetUser"],
    resources: [pool.userPoolArn],
  });
  const { roleName } = trigger.role as Role;
  new CfnRolePolicy(stack, "look-up", {
    policyName: "look-up",
    policyDocument: new PolicyDocument({ statements: [look] }),
    roleName,
  });
}
