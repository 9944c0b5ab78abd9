import * as z from "zod";
import { compilePattern } from "../iam-pattern.ts";
import type { PolicyStatement, Stage } from "../model.ts";

const Texts = z.union([z.string(), z.array(z.string())]).transform((text) => [text].flat());

/** The result that a Lambda authorizer of a REST or WebSocket API must return. */
export const AuthorizerAnswer = z.object({
  principalId: z.string().min(1),
  policyDocument: z.object({
    Version: z.string().optional(),
    Statement: z.array(
      z.object({ Effect: z.enum(["Allow", "Deny"]), Action: Texts, Resource: Texts }),
    ),
  }),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
export type AuthorizerAnswer = z.infer<typeof AuthorizerAnswer>;

/**
 * Whether the policy returned by an authorizer allows a method: a statement allows
 * `execute-api:Invoke` on it and none denies it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
 */
export function allows(answer: AuthorizerAnswer, methodArn: string): boolean {
  return permits(answer.policyDocument.Statement, "execute-api:Invoke", methodArn);
}

/** Whether one of the statements allows an action on a resource, and none denies it. */
function permits(statements: readonly PolicyStatement[], action: string, resource: string) {
  const effects = statements
    .filter(
      ({ Action, Resource }) =>
        Action.some((pattern) => compilePattern(pattern, true)(action)) &&
        Resource.some((pattern) => compilePattern(pattern, false)(resource)),
    )
    .map(({ Effect }) => Effect);
  return effects.includes("Allow") && !effects.includes("Deny");
}

/** The context for functions and templates: only text, with the principal. */
export function contextOf(answer: AuthorizerAnswer): Record<string, string> {
  const texts = Object.entries(answer.context ?? {}).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(texts), principalId: answer.principalId };
}

/**
 * Throws unless the role lets API Gateway call the function. Without a role, AWS uses the
 * function's own resource policy, which is not evaluated here.
 */
export function assertMayInvoke(
  stage: Pick<Stage, "roles">,
  credentials: string | undefined,
  functionArn: string,
): void {
  if (credentials === undefined) return;
  const role = credentials.split("/").at(-1) ?? credentials;
  if (!permits(stage.roles[role] ?? [], "lambda:InvokeFunction", functionArn))
    throw new Error(`The role ${role} does not let API Gateway call ${functionArn}.`);
}
