/** A token, or what gives one: asked when there is none, or when one has expired or was refused. */
export type Token = string | (() => string | Promise<string>);

/** A token with less time left than this is no longer used: it could expire on its way. */
const restMillisecondsMin = 30_000;

/**
 * Keeps what the application's function gave until shortly before its end, so that a call costs no
 * sign-in. A token whose end cannot be read is asked for each time; those who ask at the same
 * moment share one answer.
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
    /** Whose it is, as far as one is known already. */
    userId: () => claimsOf(typeof token === "string" ? token : kept?.text)?.sub,
    /** Whether it is a fixed one that has ended, as far as this clock can tell. */
    isOver: () => typeof token === "string" && restOf(token) <= 0,
  };
}

export type Tokens = ReturnType<typeof keepToken>;

/** Milliseconds until a token's end; not a number where that cannot be read. */
const restOf = (token: string) => (claimsOf(token)?.exp ?? Number.NaN) * 1000 - Date.now();

function claimsOf(token: string | undefined): { sub?: string; exp?: number } | undefined {
  try {
    return JSON.parse(atob(token!.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return undefined;
  }
}
