import type { Body } from "./context.ts";

const itemTexts = new WeakMap<Body, string>();

/**
 * A response whose items are already JSON: they stay as stored text until `Items` is read.
 */
export function answerWithItems(rest: Body, items: readonly string[]): Body {
  const text = `[${items.join()}]`;
  const answer = { ...rest };
  let parsed: unknown;
  Object.defineProperty(answer, "Items", {
    enumerable: true,
    get() {
      parsed ??= JSON.parse(text);
      return parsed;
    },
  });
  itemTexts.set(answer, text);
  return answer;
}

/**
 * A response's JSON, without one of its fields; parts that are JSON already are not serialized
 * again.
 */
export function writeAnswer(answer: Body, omitted?: string): string {
  const items = itemTexts.get(answer);
  const rest: Body = {};
  for (const name of Object.keys(answer)) {
    if (name === omitted || (name === "Items" && items !== undefined)) continue;
    rest[name] = answer[name];
  }
  const text = JSON.stringify(rest);
  if (items === undefined) return text;
  return `${text.slice(0, -1)}${text === "{}" ? "" : ","}"Items":${items}}`;
}
