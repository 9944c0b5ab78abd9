/** A token, or what gives one: asked when there is none, when one is over or was refused. */
export type Token = string | (() => string | Promise<string>);

/** A token with less than that left is not used any more: it could end on its way. */
const restMillisecondsMin = 30_000;

/**
 * Keeps what the application's function gave until shortly before its end, so that a call costs no
 * sign-in. A token whose end cannot be read is asked for each time; those who ask at one moment
 * share one answer.
 */
export function keepToken(token: Token) {
  let kept: { text: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(give: () => string | Promise<string>): Promise<string> {
    const text = await give();
    kept = { text, until: performance.now() + restOf(text) - restMillisecondsMin };
    return text;
  }

  return {
    /** Rejects with what the application's function threw. */
    async get(): Promise<string> {
      if (typeof token === "string") return token;
      if (kept !== undefined && performance.now() < kept.until) return kept.text;
      asking ??= ask(token);
      const own = asking;
      return own.finally(() => {
        if (asking === own) asking = undefined;
      });
    },
    /**
     * The server did not take this one, or it never came: the next is a fresh one. Answers whether
     * there can be another.
     */
    renew(refused?: string): boolean {
      if (refused === undefined) asking = undefined;
      if (refused === undefined || kept?.text === refused) kept = undefined;
      return typeof token === "function";
    },
    /** Whether it is a fixed one that has ended, as far as this clock can tell. */
    isOver: () => typeof token === "string" && restOf(token) <= 0,
  };
}

export type Tokens = ReturnType<typeof keepToken>;

/** Milliseconds until a token's end; not a number where that cannot be read. */
function restOf(token: string): number {
  try {
    const claims = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).exp * 1000 - Date.now();
  } catch {
    return Number.NaN;
  }
}
