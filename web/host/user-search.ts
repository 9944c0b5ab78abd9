import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CallResult, Client } from "../../client/index.ts";

const searchMilliseconds = 200;
const foundMax = 6;

export type Found = CallResult<"GET /api/v1/users/search">["list"][number];
/** The users of one search, or its error; neither before there is an answer. */
type Answer = { found?: readonly Found[]; error?: unknown };

/** Searches users by the start of a name, shortly after the last change of `text`. */
export function useUserSearch(call: Client["call"]) {
  const text = useSignal("");
  const answer = useSignal<Answer>({});
  const q = text.value.trim();
  useEffect(() => {
    const show = (next: Answer) => {
      if (text.peek().trim() === q) answer.value = next;
    };
    if (q === "") return show({});
    const timer = setTimeout(() => {
      call("GET /api/v1/users/search", { query: { q, limit: foundMax } }).then(
        ({ list }) => show({ found: list }),
        (error: unknown) => show({ error }),
      );
    }, searchMilliseconds);
    return () => clearTimeout(timer);
  }, [q]);
  return { text, ...answer.value };
}
