import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStacks,
  type Stack,
} from "@aws-sdk/client-cloudformation";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { ignoreDenied } from "./signed-caller.ts";

/** Outputs of a stage's stacks, by stack (`http`, `realtime` …) and name. */
export type Outputs = Record<string, Record<string, string>>;

/** The credentials' profile and the region, if they differ from the environment's. */
type Where = { profile?: string | undefined; region?: string | undefined };

const openStacks = (where: Where) =>
  openClient(CloudFormationClient, { tryMilliseconds: 10_000, ...where });

/**
 * The outputs of a deployed stage, read with the caller's credentials. A missing stack has none;
 * any other error rejects.
 */
export async function outputsOf(stage: string, where: Where = {}): Promise<Outputs> {
  const prefix = `ovation-${stage}-`;
  const found: Outputs = {};
  for await (const { Stacks = [] } of paginateDescribeStacks({ client: openStacks(where) }, {}))
    for (const { StackName = "", Outputs = [] } of Stacks)
      if (StackName.startsWith(prefix))
        found[StackName.slice(prefix.length)] = Object.fromEntries(
          Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
        );
  return found;
}

/** A stack; undefined if it does not exist. */
export async function findStack(where: Where, StackName: string): Promise<Stack | undefined> {
  try {
    const command = new DescribeStacksCommand({ StackName });
    const { Stacks = [] } = await openStacks(where).send(command);
    return Stacks[0];
  } catch (error) {
    // CloudFormation's error for a stack that does not exist.
    if ((error as Error).name === "ValidationError") return undefined;
    throw error;
  }
}

/**
 * The issuer of a stage's users: the configured one, or the stage's own deployed pool. null if
 * there is no pool yet, undefined if the credentials may not read it.
 */
export async function findIssuer(
  stage: Pick<Stage, "name" | "issuer"> & Where,
): Promise<string | null | undefined> {
  const { name, issuer, region, profile } = stage;
  if (issuer !== undefined) return issuer.issuer;
  try {
    const stack = await findStack({ region, profile }, `ovation-${name}-identity`);
    const pool = stack?.Outputs?.find(({ OutputKey }) => OutputKey === "pool")?.OutputValue;
    // A pool's id starts with its region.
    return pool ? `https://cognito-idp.${pool.split("_")[0]}.amazonaws.com/${pool}` : null;
  } catch (error) {
    return ignoreDenied(error);
  }
}
