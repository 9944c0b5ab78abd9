import { compilePattern, type Matcher } from "../iam-pattern.ts";
import type { LambdaFunction, PolicyStatement, Stage } from "../model.ts";
import { type Access, AwsFailure } from "./failure.ts";

/** The caller with all permissions: demo data, audits and the runner's own event sources. */
export const runnerCaller = "ovation-runner";

/** Checks by the synthesized policies what a function may do. */
export type Iam = {
  /** Whether the id is `ovation-runner` or a function of the stage. */
  knows(caller: string): boolean;
  isAllowed(caller: string, access: Access): boolean;
  /**
   * Whether the caller may perform the action on every name with this prefix. False may also mean
   * that it depends on the rest of the name; then each name must be checked separately.
   */
  mayBelow(caller: string, action: string, prefix: string): boolean;
  /** Throws AwsFailure AccessDeniedException naming the first missing grant. */
  check(caller: string, access: Access[]): void;
};

/** A statement that is about an action and a resource; `holds` is its condition. */
type Rule = { isDeny: boolean; holds(leadingKeys?: readonly string[]): boolean };

const none: readonly PolicyStatement[] = [];
/** The most pairs of action and resource cached for a role: each connection is a resource. */
const rulesMax = 1_000;

/**
 * Evaluates only identity-based policies, as in the template's roles: an explicit Deny wins, then
 * an Allow is required. Resource policies, boundaries and managed policies are not evaluated. `log`
 * gets one line for each refused (function, action).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function createIam(stage: Stage, log: (line: string) => void): Iam {
  const refused = new Set<string>();
  const matchers = new Map<string, Matcher>();
  const matches = (pattern: string, text: string, caseless = false) => {
    const key = `${caseless ? "i" : "s"}${pattern}`;
    let matcher = matchers.get(key);
    if (!matcher) {
      matcher = compilePattern(pattern, caseless);
      matchers.set(key, matcher);
    }
    return matcher(text);
  };
  const findRules = createRules(matches);
  const judge = (caller: string, access: Access): "allowed" | "denied" | "no_grant" => {
    const statements = stage.roles[stage.functions[caller]?.role ?? ""] ?? none;
    const rules = findRules(statements, access.action, access.resource);
    const covering = rules.filter(({ holds }) => holds(access.leadingKeys));
    if (covering.some(({ isDeny }) => isDeny)) return "denied";
    return covering.length > 0 ? "allowed" : "no_grant";
  };

  const mayBelow = (caller: string, action: string, prefix: string) => {
    const statements = stage.roles[stage.functions[caller]?.role ?? ""] ?? [];
    const about = statements.filter(({ Action }) =>
      Action.some((one) => matches(one, action, true)),
    );
    // A pattern that ends in `*` matches either all names with its prefix or none of them.
    const covers = ({ Resource }: PolicyStatement) =>
      Resource.some((pattern) => pattern.endsWith("*") && matches(pattern, prefix));
    const isDenied = about.some(({ Effect }) => Effect === "Deny");
    return !isDenied && about.some((one) => !one.leadingKeys && covers(one));
  };

  return {
    knows: (caller) => caller === runnerCaller || Object.hasOwn(stage.functions, caller),
    isAllowed: (caller, access) => caller === runnerCaller || judge(caller, access) === "allowed",
    mayBelow: (caller, action, prefix) =>
      caller === runnerCaller || mayBelow(caller, action, prefix),
    check(caller, accesses) {
      if (caller === runnerCaller) return;
      for (const access of accesses) {
        const verdict = judge(caller, access);
        if (verdict === "allowed") continue;
        const message = explainRefusal(stage, stage.functions[caller]!, access, verdict);
        const once = `${caller} ${access.action}`;
        if (!refused.has(once)) {
          refused.add(once);
          const keys = access.leadingKeys;
          log(`AccessDenied: ${message}${keys ? ` (leading keys ${keys.join(", ")})` : ""}`);
        }
        // Only DynamoDB answers a missing grant with 400.
        const status = access.action.startsWith("dynamodb:") ? 400 : 403;
        throw new AwsFailure(status, "AccessDeniedException", message);
      }
    },
  };
}

/** Returns the rules of a role about an action on a resource, each compiled once. */
function createRules(matches: Matches) {
  // By a role's statements, which are other objects once a role is replaced.
  const found = new WeakMap<readonly PolicyStatement[], Map<string, Rule[]>>();
  return (statements: readonly PolicyStatement[], action: string, resource: string): Rule[] => {
    const known = found.get(statements) ?? new Map<string, Rule[]>();
    found.set(statements, known);
    const name = `${action} ${resource}`;
    const rules = known.get(name);
    if (rules !== undefined) return rules;
    const covering = statements.filter(
      ({ Action, Resource }) =>
        Action.some((one) => matches(one, action, true)) &&
        Resource.some((one) => matches(one, resource)),
    );
    const compiled = covering.map(
      ({ Effect, leadingKeys }): Rule => ({
        isDeny: Effect === "Deny",
        // ForAllValues also holds for a request without keys, an often overlooked rule of AWS.
        holds: (keys = []) =>
          leadingKeys === undefined ||
          keys.every((key) => leadingKeys.some((pattern) => matches(pattern, key))),
      }),
    );
    if (known.size >= rulesMax) known.clear();
    known.set(name, compiled);
    return compiled;
  };
}

function explainRefusal(
  stage: Stage,
  caller: LambdaFunction,
  access: Access,
  verdict: "denied" | "no_grant",
): string {
  const user = `arn:aws:sts::${stage.account}:assumed-role/${caller.role}/${caller.name}`;
  const reason =
    verdict === "denied"
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${access.action} action`;
  return (
    `User: ${user} is not authorized to perform: ${access.action} ` +
    `on resource: ${access.resource} ${reason}`
  );
}

type Matches = (pattern: string, text: string, caseless?: boolean) => boolean;
