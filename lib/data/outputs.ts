import { type CfnOutput, Fn, type Stack } from "aws-cdk-lib";

/**
 * A stack's output as other stacks read it, even in other regions. Unlike an export it may change
 * or disappear while it is in use: CloudFormation refuses to change an export in use, so a value
 * that may change would block the deployment that changes it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
 */
export const outputOf = (stack: Stack, output: CfnOutput, region: string): string =>
  Fn.getStackOutput(stack.stackName, stack.getLogicalId(output), region);

/**
 * Exports values permanently, whether they are read or not: values that never change, such as the
 * generated name of a bucket. Otherwise an export without readers would be removed from its stack
 * before the stack that read it is deployed.
 */
export function exportPermanently(stack: Stack, ...values: string[]): void {
  for (const value of values) stack.exportValue(value);
}
