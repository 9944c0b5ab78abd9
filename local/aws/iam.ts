import type { LambdaFunction, PolicyStatement, Stage } from "../model.ts";
import type { Access, AccessContext } from "./access.ts";
import { AwsFailure } from "./failure.ts";

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
  const covers = (statement: PolicyStatement, access: Access) =>
    statement.Action.some((action) => matches(action, access.action, true)) &&
    statement.Resource.some((resource) => matches(resource, access.resource)) &&
    holdsConditions(statement.Condition ?? {}, access.context ?? {}, matches);

  const judge = (caller: string, access: Access): "allowed" | "denied" | "no_grant" => {
    const statements = stage.roles[stage.functions[caller]?.role ?? ""] ?? [];
    const covering = statements.filter((statement) => covers(statement, access));
    if (covering.some((statement) => statement.Effect === "Deny")) return "denied";
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
    const isPlain = ({ Effect, Condition }: PolicyStatement) => Effect === "Allow" && !Condition;
    return (
      about.every(({ Effect }) => Effect === "Allow") && about.some((s) => isPlain(s) && covers(s))
    );
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
          const keys = access.context?.["dynamodb:LeadingKeys"];
          log(`AccessDenied: ${message}${keys ? ` (leading keys ${keys.join(", ")})` : ""}`);
        }
        // Only DynamoDB answers a missing grant with 400.
        const status = access.action.startsWith("dynamodb:") ? 400 : 403;
        throw new AwsFailure(status, "AccessDeniedException", message);
      }
    },
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

type Matcher = (text: string) => boolean;

/** `*` matches any text, `?` one character; everything else is literal. */
function compilePattern(pattern: string, caseless: boolean): Matcher {
  const prepare = (text: string) => (caseless ? text.toLowerCase() : text);
  // Several patterns are evaluated per post, and nearly all are a complete name or a prefix.
  const literal = prepare(pattern.endsWith("*") ? pattern.slice(0, -1) : pattern);
  if (!/[*?]/.test(literal))
    return pattern.endsWith("*")
      ? (text) => prepare(text).startsWith(literal)
      : (text) => prepare(text) === literal;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[\\s\\S]*")
    .replaceAll("?", "[\\s\\S]");
  const expression = new RegExp(`^${source}$`, caseless ? "i" : "");
  return (text) => expression.test(text);
}

type Matches = (pattern: string, text: string, caseless?: boolean) => boolean;

/** All operators and keys must hold; several values of a key are alternatives. */
function holdsConditions(
  conditions: Record<string, Record<string, string | string[]>>,
  context: AccessContext,
  matches: Matches,
): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      holdsCondition(operator, [wanted].flat().map(String), context[key], matches),
    ),
  );
}

/**
 * Throws AwsFailure for an unsupported operator: a policy must not be evaluated partially.
 */
function holdsCondition(
  operator: string,
  wanted: string[],
  found: string[] | undefined,
  matches: Matches,
): boolean {
  const [, quantifier, name, optional] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const absent = found === undefined || found.length === 0;
  if (name === "Null") return wanted.includes(String(absent));
  const test = findTest(name ?? "", matches);
  if (!test)
    throw new AwsFailure(400, "ValidationError", `The condition ${operator} is not evaluated here`);
  // ForAllValues holds for a key that is not in the request, an often overlooked rule of AWS.
  if (absent) return quantifier === "ForAllValues" || optional !== undefined || test.negated;
  const one = (value: string) => {
    const hit = wanted.some((pattern) => test.holds(pattern, value));
    return test.negated ? !hit : hit;
  };
  return quantifier === "ForAllValues" ? found.every(one) : found.some(one);
}

type Test = { negated: boolean; holds: (pattern: string, value: string) => boolean };

function findTest(name: string, matches: Matches): Test | undefined {
  const tests: Record<string, Test> = {
    StringEquals: { negated: false, holds: (a, b) => a === b },
    StringNotEquals: { negated: true, holds: (a, b) => a === b },
    StringLike: { negated: false, holds: (a, b) => matches(a, b) },
    StringNotLike: { negated: true, holds: (a, b) => matches(a, b) },
    StringEqualsIgnoreCase: {
      negated: false,
      holds: (a, b) => a.toLowerCase() === b.toLowerCase(),
    },
    ArnLike: { negated: false, holds: (a, b) => matches(a, b) },
    ArnEquals: { negated: false, holds: (a, b) => matches(a, b) },
    Bool: { negated: false, holds: (a, b) => a.toLowerCase() === b.toLowerCase() },
  };
  return Object.hasOwn(tests, name) ? tests[name] : undefined;
}
