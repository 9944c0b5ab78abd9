import type { FilterPattern } from "../model.ts";

/**
 * Whether a record passes: every key of one of the patterns must match. A mapping without patterns
 * passes everything.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
 */
export function passesFilters(patterns: FilterPattern[], record: unknown): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesPattern(pattern, record));
}

function matchesPattern(pattern: FilterPattern, value: unknown): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    const member =
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
    if (!Array.isArray(wanted)) return matchesPattern(wanted, member);
    return wanted.some(({ prefix }) => typeof member === "string" && member.startsWith(prefix));
  });
}
