/** Calls of the runner itself, below `/local`: demo users, cost, audit, kill. */

/** A demo user one can sign in as, in the format of `POST /local/token`. */
export type DemoUser = {
  sub: string;
  claims: { preferred_username: string; given_name: string; family_name: string };
  groups?: string[];
  /** A lower balance is topped up to this. */
  credits?: number;
};

export type Bill = {
  since: string;
  requests: number;
  dollars: Record<string, number>;
  byOperation: Record<string, { requests: number }>;
};
export type Audit = {
  fits: boolean;
  sums: Record<string, number>;
  misfits: { item?: string; problem: string }[];
};

/** The result of an audit in a few words. */
export function resultOf({ fits, misfits: { length } }: Audit): string {
  if (fits) return "Everything fits";
  return length === 1 ? "1 mismatch" : `${length} mismatches`;
}

/** An alarm of the stage; `ALARM`: it is on. */
export type Alarm = { name: string; description: string; state: string };

const tokenSeconds = 3600;

/** Other machines need the key that `npm start` prints, as `#key=…` in the URL. */
const key = new URLSearchParams(location.hash.slice(1)).get("key");

async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (key !== null) headers["x-local-key"] = key;
  const answer = await fetch(path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.errors?.at(-1) ?? `${path} answered ${answer.status}`);
  return said as Answer;
}

export const fetchDemoUsers = () =>
  ask<{ streamId: string; people: DemoUser[] }>("GET", "/local/studio");
export const fetchBill = () => ask<Bill>("GET", "/local/cost");
export const fetchAudit = () => ask<Audit>("GET", "/local/audit");
export const fetchAlarms = async () =>
  (await ask<{ alarms: Alarm[] }>("GET", "/local/alarms")).alarms;
/** Kills the server like `kill -9`; it restarts automatically. */
export const killServer = () => ask<{ url: string }>("POST", "/local/restart");

/** A token function for a demo user, as the client takes it. */
export const tokensOf = (user: DemoUser) => async (): Promise<string> =>
  (await ask<{ token: string }>("POST", "/local/token", { ...user, expiresIn: tokenSeconds }))
    .token;

export const nameOfDemoUser = ({ claims }: DemoUser) =>
  `${claims.given_name} ${claims.family_name}`;
