import { turnEnds } from "./table.ts";

/**
 * A read that is shared by all equal requests in one turn of the event loop. It begins after the
 * last request, so each sees every write that its own read would have seen. Callers share the
 * result, which must not be changed.
 */
export function coalesce<Args extends readonly (string | number)[], Answer>(
  read: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  const waiting = new Map<string, Promise<Answer>>();
  return (...args) => {
    const name = args.join(" ");
    const found = waiting.get(name);
    if (found !== undefined) return found;
    const answer = turnEnds().then(() => {
      waiting.delete(name);
      return read(...args);
    });
    waiting.set(name, answer);
    return answer;
  };
}

/**
 * Limits a read to one at a time per name: callers that arrive in the meantime share the next one,
 * which starts after their call, so its result is never older than the call. A caller waits for at
 * most two reads.
 */
export function share<Answer>(read: (name: string) => Promise<Answer>) {
  const underWay = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<Answer>>();
  return (name: string): Promise<Answer> => {
    const found = next.get(name);
    if (found !== undefined) return found;
    const answer = Promise.resolve(underWay.get(name)).then(() => {
      next.delete(name);
      const own = read(name);
      const done = own
        .then(
          () => undefined,
          () => undefined,
        )
        .then(() => {
          if (underWay.get(name) === done) underWay.delete(name);
        });
      underWay.set(name, done);
      return own;
    });
    next.set(name, answer);
    return answer;
  };
}
