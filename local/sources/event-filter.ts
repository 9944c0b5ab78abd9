/**
 * A Lambda event filter pattern: every key must match, the entries of a key's list are
 * alternatives, and a mapping needs only one matching pattern.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
 */
type FilterPattern = Record<string, unknown>;

/** Whether a record passes; a mapping without patterns passes everything. */
export function passesFilters(patterns: FilterPattern[], record: unknown): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesPattern(pattern, record));
}

function matchesPattern(pattern: FilterPattern, value: unknown): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === "$or" && Array.isArray(wanted))
      return wanted.some((one) => matchesPattern(one as FilterPattern, value));
    const member =
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
    if (Array.isArray(wanted)) return wanted.some((rule) => matchesRule(rule, member));
    return matchesPattern(wanted as FilterPattern, member);
  });
}

function matchesRule(rule: unknown, value: unknown): boolean {
  if (typeof rule === "object" && rule !== null && "exists" in rule)
    return rule.exists === (value !== undefined);
  // A list in the record matches if one of its entries does.
  const values = Array.isArray(value) ? value : [value];
  return values.some((one) => one !== undefined && matchesScalar(rule, one));
}

function matchesScalar(rule: unknown, value: unknown): boolean {
  if (typeof rule !== "object" || rule === null) return rule === value;
  const [[name, operand] = []] = Object.entries(rule);
  const text = typeof value === "string" ? value : undefined;
  switch (name) {
    case "prefix":
      return text?.startsWith(String(operand)) ?? false;
    case "suffix":
      return text?.endsWith(String(operand)) ?? false;
    case "equals-ignore-case":
      return text?.toLowerCase() === String(operand).toLowerCase();
    case "anything-but":
      return ![operand].flat().some((one) => matchesScalar(one, value));
    case "numeric":
      return matchesNumeric(operand as (string | number)[], value);
    default:
      throw new Error(`The event filter rule ${JSON.stringify(rule)} is not supported`);
  }
}

/**
 * `["=", 5]` or `[">", 0, "<=", 10]`. Applies to JSON numbers only; DynamoDB's numbers are text.
 */
function matchesNumeric(operand: (string | number)[], value: unknown): boolean {
  if (typeof value !== "number") return false;
  for (let index = 0; index + 1 < operand.length; index += 2) {
    const bound = Number(operand[index + 1]);
    const holds: Record<string, boolean> = {
      "=": value === bound,
      ">": value > bound,
      ">=": value >= bound,
      "<": value < bound,
      "<=": value <= bound,
    };
    if (!holds[String(operand[index])]) return false;
  }
  return true;
}
