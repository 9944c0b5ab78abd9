import type { Stage } from "../model.ts";
import type { Iam } from "./iam.ts";

/**
 * Checks the permissions of event source mappings at the start: a mapping polls with its function's
 * role, so AWS would refuse to create one without them. Throws with function, action and resource
 * of every missing grant in one message.
 */
export function checkSourceGrants(stage: Stage, iam: Iam): void {
  const missing: string[] = [];
  for (const source of stage.eventSources) {
    const queue = stage.queues.some((one) => one.arn === source.sourceArn);
    const actions = queue
      ? ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      : ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"];
    const wanted = actions.map((action) => ({ action, resource: source.sourceArn }));
    const bucket = stage.buckets.find((one) => one.arn === source.failuresBucketArn);
    if (bucket) wanted.push({ action: "s3:PutObject", resource: `${bucket.arn}/aws/lambda/any` });
    for (const access of wanted) {
      if (iam.isAllowed(source.functionName, access)) continue;
      missing.push(`${source.functionName} may not ${access.action} on ${access.resource}`);
    }
  }
  if (missing.length > 0)
    throw new Error(`AWS would refuse these event source mappings: ${missing.join("; ")}`);
}
