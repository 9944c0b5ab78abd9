import * as z from "zod";
import type { Stage } from "../model.ts";

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
  const matching = answer.policyDocument.Statement.filter(
    ({ Action, Resource }) =>
      Action.some((action) => matches(action.toLowerCase(), "execute-api:invoke")) &&
      Resource.some((resource) => matches(resource, methodArn)),
  );
  return (
    matching.some(({ Effect }) => Effect === "Allow") &&
    !matching.some(({ Effect }) => Effect === "Deny")
  );
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
  const matching = (stage.roles[role] ?? []).filter(
    ({ Action, Resource }) =>
      Action.some((action) => matches(action.toLowerCase(), "lambda:invokefunction")) &&
      Resource.some((resource) => matches(resource, functionArn)),
  );
  const isAllowed = matching.some(({ Effect }) => Effect === "Allow");
  if (!isAllowed || matching.some(({ Effect }) => Effect === "Deny"))
    throw new Error(`The role ${role} does not let API Gateway call ${functionArn}.`);
}

/** IAM's patterns: `*` stands for any text, `?` for one character. */
function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(text);
}
