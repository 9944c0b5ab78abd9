import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { openClient } from "../../platform/aws/aws-client.ts";

const timeouts = { tryMilliseconds: 10_000 };

/** Outputs of a stage's stacks, by stack (`http`, `realtime` …) and name. */
export type Outputs = Record<string, Record<string, string>>;

/**
 * The outputs of a deployed stage, read with the caller's credentials. A missing stack has none;
 * any other error rejects.
 */
export async function outputsOf(
  stage: string,
  { profile, region }: { profile?: string | undefined; region?: string | undefined } = {},
): Promise<Outputs> {
  const given = { ...timeouts, ...(profile && { profile }), ...(region && { region }) };
  const client = openClient(CloudFormationClient, given);
  const prefix = `ovation-${stage}-`;
  const found: Outputs = {};
  let NextToken: string | undefined;
  // A page has a hundred stacks; an account has at most 2,000.
  for (let page = 0; page === 0 || (NextToken !== undefined && page < 20); page++) {
    const answer = await client.send(new DescribeStacksCommand({ NextToken }));
    for (const { StackName = "", Outputs = [] } of answer.Stacks ?? [])
      if (StackName.startsWith(prefix))
        found[StackName.slice(prefix.length)] = Object.fromEntries(
          Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
        );
    NextToken = answer.NextToken;
  }
  return found;
}
