import { CfnOutput, Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import {
  type CfnUserPool,
  CfnUserPoolGroup,
  ClientAttributes,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  UserPoolOperation,
} from "aws-cdk-lib/aws-cognito";
import { Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { logGroup } from "../api/gateway.ts";
import { placeFunction } from "../compute/lambdas.ts";
import { type Neighbours, siteOf } from "../compute/site.ts";
import { placePoolFirewall } from "../edge/firewall.ts";
import { rowsOf, theOne } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";

/** What a person may say of themselves, and what functions read of it (platform/auth/token.ts). */
const profile = {
  email: true,
  preferredUsername: true,
  givenName: true,
  familyName: true,
  profilePicture: true,
};

/** Nothing but what an earlier sign-in gave: the least that a client may be allowed. */
const refreshAlone = { userSrp: false };

/** How long a user who opens the app now and then stays signed in. */
const signedInDays = 30;

/**
 * A Cognito pool whose ID tokens carry the groups and the profile, of the plan that has all this:
 * the next one costs nearly three times as much for each user.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-sign-in-feature-plans.html
 */
export function placeUserPool(stack: Stack, stage: Stage, neighbours: Neighbours) {
  const pool = new UserPool(stack, "users", {
    userPoolName: `ovation-${stage.name}`,
    selfSignUpEnabled: true,
    signInAliases: { email: true },
    autoVerify: { email: true },
    // An address counts when its mail was read, and the one before it until then.
    keepOriginal: { email: true },
    standardAttributes: { email: { required: true, mutable: true } },
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
    removalPolicy: stage.keepData
      ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
      : RemovalPolicy.DESTROY,
  });
  if (stage.mailFrom !== undefined) writeFrom(stack, pool, stage.mailFrom);
  demandSecondFactor(stack, stage, pool, neighbours);
  for (const groupName of ["admin", "service"])
    new CfnUserPoolGroup(stack, `group-${groupName}`, { userPoolId: pool.userPoolId, groupName });
  // Names of such domains are the region's, and the account's number is nobody else's.
  const domainPrefix = `ovation-${stage.name}-${stack.account}`;
  const domain = pool.addDomain("domain", { cognitoDomain: { domainPrefix } });
  if (stage.firewall) placePoolFirewall(stack, `ovation-${stage.name}-users`, pool.userPoolArn);
  const { app, console, machine } = placeClients(pool, stage);
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
 * Who may ask for tokens, each with the one way that it uses: apps prove a password without sending
 * it (SRP), the console leads people to the pool's own pages (code and PKCE), and a back end has a
 * secret. The console's first sign-in of an admin goes by an operator's own rights.
 */
function placeClients(pool: UserPool, stage: Stage) {
  const attributes = new ClientAttributes().withStandardAttributes(profile);
  const common = {
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    idTokenValidity: Duration.hours(1),
    accessTokenValidity: Duration.hours(1),
    readAttributes: attributes.withStandardAttributes({ emailVerified: true }),
    writeAttributes: attributes,
  };
  const app = pool.addClient("app", {
    ...common,
    authFlows: { userSrp: true },
    disableOAuth: true,
    refreshTokenValidity: Duration.days(signedInDays),
  });
  const console = pool.addClient("console", {
    ...common,
    authFlows: { adminUserPassword: true },
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: [OAuthScope.OPENID, OAuthScope.PROFILE],
      callbackUrls: [...stage.consoleUrls],
      logoutUrls: [...stage.consoleUrls],
    },
    // No shorter than the others; the console signs in again when a token has expired.
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
  const server = pool.addResourceServer("api", { identifier, scopes });
  const machine = pool.addClient("machine", {
    ...common,
    authFlows: refreshAlone,
    generateSecret: true,
    oAuth: {
      flows: { clientCredentials: true },
      scopes: scopes.map((scope) => OAuthScope.resourceServer(server, scope)),
    },
  });
  return { app, console, machine };
}

/** Cognito's own sender writes fifty mails a day, from an address of Amazon's. */
function writeFrom({ partition, region, account }: Stack, pool: UserPool, from: string): void {
  (pool.node.defaultChild as CfnUserPool).emailConfiguration = {
    emailSendingAccount: "DEVELOPER",
    from,
    sourceArn: `arn:${partition}:ses:${region}:${account}:identity/${from.split("@").at(-1)}`,
  };
}

/**
 * A function removes roles from users without a second factor. Its permission to read the pool is a
 * separate policy, since the pool depends on the function and the function on its role.
 */
function demandSecondFactor(
  stack: Stack,
  stage: Stage,
  pool: UserPool,
  neighbours: Neighbours,
): void {
  const log = logGroup(stack, "log", stage, "identity");
  const row = theOne(rowsOf("trigger"), "trigger");
  const target = placeFunction(siteOf(stack, stage, log, neighbours), row);
  pool.addTrigger(UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, target, LambdaVersion.V1_0);
  if (row.contract.grants.userPool !== true) return;
  const look = new PolicyStatement({
    actions: ["cognito-idp:AdminGetUser"],
    resources: [pool.userPoolArn],
  });
  const policy = new Policy(stack, "look-up", { statements: [look] });
  target.role?.attachInlinePolicy(policy);
}
