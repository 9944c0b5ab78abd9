import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { changesOf } from "./draft.ts";

const storageName = "ovation.drafts";

type Draft = { initial: unknown; signal: Signal<unknown>; minor: true | readonly string[] };

const none: readonly string[] = [];

const isChanged = ({ initial, signal }: Draft) =>
  JSON.stringify(signal.peek()) !== JSON.stringify(initial);

/** Whether more than minor fields are changed. */
function isWorthAsking({ initial, signal, minor }: Draft): boolean {
  if (minor === true) return false;
  const rest = (value: unknown) =>
    JSON.stringify(value, (name, field) => (minor.includes(name) ? undefined : field));
  return rest(signal.peek()) !== rest(initial);
}

/** The drafts of the forms on the page, by name. */
const open = new Map<string, Draft>();
/** Drafts of an earlier session, as JSON, for forms that are not open yet. */
let kept: Record<string, string> = {};

const isFields = (value: unknown): value is object => typeof value === "object" && value !== null;

function takeKept<Value>(name: string, initial: Value): Value {
  const text = kept[name];
  delete kept[name];
  if (text === undefined) return initial;
  const entered = JSON.parse(text);
  return isFields(initial) ? { ...initial, ...entered } : entered;
}

/**
 * What a user has entered in a form, by a name that no other form has. It is lost when the form is
 * closed, but not when the session ends. A minor draft or field, such as the chosen tab, is lost
 * without asking.
 */
export function useDraft<Value>(
  name: string,
  initial: Value,
  minor: Draft["minor"] = none,
): Signal<Value> {
  const draft = useMemo(() => signal(takeKept(name, initial)), [name]);
  useEffect(() => {
    const own = { initial, signal: draft, minor };
    open.set(name, own);
    return () => {
      if (open.get(name) === own) open.delete(name);
    };
  }, [name, draft, initial, minor]);
  return draft;
}

/** Whether closing the page's forms would lose what was entered. */
export const isAnyChanged = () => [...open.values()].some(isWorthAsking);

/**
 * Keeps all changed drafts in this tab, for the next session of the same user. Of a draft with
 * several fields it keeps only the changed ones, because other users may change the rest meanwhile.
 */
export function keepDrafts(userId: string): void {
  const drafts = { ...kept };
  for (const [name, draft] of open) {
    if (!isChanged(draft)) continue;
    const { initial, signal } = draft;
    const value = signal.peek();
    const entered = isFields(initial) && isFields(value) ? changesOf(initial, value) : value;
    drafts[name] = JSON.stringify(entered);
  }
  sessionStorage.setItem(storageName, JSON.stringify({ userId, drafts }));
}

/** Takes the drafts that were kept for this user; those of another one are dropped. */
export function takeDrafts(userId: string): void {
  const text = sessionStorage.getItem(storageName);
  const stored = text === null ? undefined : JSON.parse(text);
  kept = stored?.userId === userId ? stored.drafts : {};
  sessionStorage.removeItem(storageName);
}
