import { type CfnOutput, Fn, type Stack } from "aws-cdk-lib";

/**
 * A stack's output as other stacks read it, also those of other regions. Unlike an export it may
 * change, or go, while others read it: CloudFormation refuses to change an export that is in use,
 * so that a value that may change would stop the deployment that changes it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
 */
export const told = (stack: Stack, output: CfnOutput, region: string): string =>
  Fn.getStackOutput(stack.stackName, stack.getLogicalId(output), region);

/**
 * Exports values for good, read or not: of what can never change, such as the
 * name that CloudFormation gave a bucket. What nobody reads any more would otherwise be taken from
 * the stack that has it before the stack that read it is deployed.
 */
export function exportForGood(stack: Stack, ...values: string[]): void {
  for (const value of values) stack.exportValue(value);
}
