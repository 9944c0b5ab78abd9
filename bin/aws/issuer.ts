import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { allowDenied } from "./signed-caller.ts";

const timeouts = { tryMilliseconds: 10_000 };

/**
 * The issuer of a stage's users: the configured one, or the stage's own deployed pool. null if
 * there is no pool yet, undefined if the credentials may not read it.
 */
export async function findIssuer(
  stage: Pick<Stage, "name" | "region" | "issuer"> & { profile?: string | undefined },
): Promise<string | null | undefined> {
  if (stage.issuer !== undefined) return stage.issuer.issuer;
  const { name, region, profile } = stage;
  const given = { ...timeouts, ...(profile && { profile }), ...(region && { region }) };
  const client = openClient(CloudFormationClient, given);
  try {
    const StackName = `ovation-${name}-identity`;
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const pool = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === "pool")?.OutputValue;
    if (pool === undefined) return null;
    // A pool's id starts with its region.
    return `https://cognito-idp.${pool.split("_")[0]}.amazonaws.com/${pool}`;
  } catch (error) {
    // CloudFormation's error for a stack that does not exist.
    if ((error as Error).name === "ValidationError") return null;
    return allowDenied(error);
  } finally {
    client.destroy();
  }
}
