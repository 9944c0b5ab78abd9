/**
 * A token, or a function that returns one: called when there is none, or it has expired or was
 * refused.
 */
export type Token = string | (() => string | Promise<string>);

/** A token with less time left is not used: it could expire in flight. */
const restMillisecondsMin = 30_000;
/** The application's request may hang, as when a phone changes networks: it is called again. */
const giveMillisecondsMax = 15_000;

/** A token, or "" if nobody is signed in; not the body of an error response. */
const tokenForm = /^[^\s<{]*\s*$/;

/** Calls a function of the application; rejects if it takes too long or gives another value. */
export const callWithin = (
  name: "token" | "ticket",
  give: () => string | Promise<string>,
): Promise<string> =>
  new Promise((done, fail) => {
    const late = `${name}() gave nothing within ${giveMillisecondsMax / 1000} s`;
    const timer = setTimeout(() => fail(new Error(late)), giveMillisecondsMax);
    const ask = async () => {
      const text = await give();
      if (typeof text === "string" && tokenForm.test(text)) return text;
      throw new Error(`${name}() gave no ${name}`);
    };
    void ask()
      .then(done, fail)
      .then(() => clearTimeout(timer));
  });

/**
 * Caches a token until shortly before it expires, so that calls cause no extra sign-ins. A token
 * whose expiry cannot be read is fetched for each use; concurrent callers share one fetch. `now`:
 * the server's time.
 */
export function createTokenCache(token: Token, now: () => number = Date.now) {
  let kept: { text: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  /** Milliseconds until a token expires; NaN if that cannot be read. */
  const restOf = (text: string) => (claimsOf(text)?.exp ?? Number.NaN) * 1000 - now();

  async function ask(give: () => string | Promise<string>): Promise<string> {
    const text = await callWithin("token", give);
    kept = { text, until: performance.now() + restOf(text) - restMillisecondsMin };
    return text;
  }

  return {
    /** Rejects with the error of the application's function. */
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
     * The server refused this token, or it never arrived: the next one is fetched. Returns whether
     * another can be fetched.
     */
    renew(refused?: string): boolean {
      if (refused === undefined) asking = undefined;
      if (refused === undefined || kept?.text === refused) kept = undefined;
      return typeof token === "function";
    },
    /** The user id, if a token is already known. */
    userId: () => claimsOf(typeof token === "string" ? token : kept?.text)?.sub,
    /** Whether it is a fixed token that has expired. */
    isOver: () => typeof token === "string" && restOf(token) <= 0,
  };
}

export type Tokens = ReturnType<typeof createTokenCache>;

function claimsOf(token: string | undefined): { sub?: string; exp?: number } | undefined {
  try {
    return JSON.parse(atob(token!.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return undefined;
  }
}
