import { Stack } from "aws-cdk-lib";
import type { Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { Contract } from "../../platform/http/contract.ts";
import { asksIssuer } from "../compute/environment.ts";
import { addFunction } from "../compute/lambdas.ts";
import { issuerOf, type Site, type StackInputs, siteOf } from "../compute/site.ts";
import { type FunctionName, onlyRow, type Row, rowsOf } from "../stages/route-table.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addCanaries } from "./canaries.ts";

/**
 * The stack of each noun's functions, so that no template comes near CloudFormation's megabyte.
 * `core` has all nouns with canaries and is deployed first. A deployed noun must keep its stack:
 * CloudFormation would create the function in the new stack while the old one still has its name.
 */
const stackOf = {
  auth: "core",
  chat: "core",
  gifts: "core",
  streams: "core",
  users: "core",
  wallets: "core",
  follows: "community",
  likes: "community",
  moments: "community",
  notifications: "community",
  sessions: "community",
  app: "management",
  bans: "management",
  channel: "management",
  credits: "management",
  operations: "management",
  overlays: "management",
  passes: "management",
  webhooks: "management",
} as const;

/** The stacks of the HTTP API's functions, in the order in which they are deployed. */
export const endpointStacks = ["core", "community", "management"] as const;

/** The stack of an HTTP API function; throws for a noun without a stack. */
function stackOfRow({ name }: Row) {
  const noun = name.slice(0, name.indexOf("/"));
  if (!Object.hasOwn(stackOf, noun))
    throw new Error(`${noun} has no stack: name one in lib/api/endpoints.ts`);
  return stackOf[noun as keyof typeof stackOf];
}

/** The HTTP API's endpoints in a stage: some exist only if the stage allows them. */
export const endpointsOf = (stage: Stage): Row<Contract>[] =>
  rowsOf("endpoint").filter(
    ({ contract }) => contract.stage === undefined || stage[contract.stage],
  );

/** The authorizer of the HTTP API. */
export const httpAuthorizer = () =>
  onlyRow(
    rowsOf("authorizer").filter(({ contract }) => contract.api === "http"),
    "authorizer of the HTTP API",
  );

/** Part of the HTTP API's functions: those of the nouns of one stack. */
export class Endpoints extends Stack {
  constructor(
    scope: Construct,
    id: string,
    stage: Stage,
    which: (typeof endpointStacks)[number],
    given: StackInputs & Pick<Site, "logGroup">,
  ) {
    super(scope, id, stackEnvironmentOf(stage));
    const { logGroup, ...inputs } = given;
    const rows = [...endpointsOf(stage), httpAuthorizer()].filter(
      (row) => stackOfRow(row) === which,
    );
    // Parameters that no function of the stack reads would be warnings of every deployment.
    const issuer = rows.some(({ contract }) => asksIssuer(contract)) && issuerOf(this, stage);
    const site = siteOf(this, stage, logGroup, { ...inputs, ...(issuer && { issuer }) });
    const functions = new Map<FunctionName, Lambda>(
      rows.map((row) => [row.name, addFunction(site, row)]),
    );
    addCanaries(this, stage, functions);
  }
}
