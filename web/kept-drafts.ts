import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

const storageName = "ovation.drafts";

type Draft = { initial: unknown; signal: Signal<unknown> };

/** The drafts of the forms on the page, by name. */
const open = new Map<string, Draft>();
/** Drafts of an earlier session, as JSON, for forms that are not open yet. */
let kept: Record<string, string> = {};

function takeKept<Value>(name: string, initial: Value): Value {
  const text = kept[name];
  delete kept[name];
  return text === undefined ? initial : JSON.parse(text);
}

/**
 * What a user has entered in a form, by a name that no other form has. It ends with the form, but
 * not with the session.
 */
export function useDraft<Value>(name: string, initial: Value): Signal<Value> {
  const draft = useMemo(() => signal(takeKept(name, initial)), [name]);
  useEffect(() => {
    const own = { initial, signal: draft };
    open.set(name, own);
    return () => {
      if (open.get(name) === own) open.delete(name);
    };
  }, [name, draft, initial]);
  return draft;
}

/** Keeps all drafts in this tab, for the next session of the same user. */
export function keepDrafts(userId: string): void {
  const drafts = { ...kept };
  for (const [name, { initial, signal }] of open) {
    const text = JSON.stringify(signal.peek());
    if (text !== JSON.stringify(initial)) drafts[name] = text;
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
