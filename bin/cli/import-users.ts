import { waitOf } from "../../platform/aws/retries.ts";
import { Failure } from "./command.ts";

/** A row of a CSV file, with the line on which it ends. */
export type CsvRow = { line: number; fields: string[] };

/** A user to import. */
type NewUser = { id: string; username: string; name: string; surname: string; balance: number };

/** Why a row cannot be imported. */
export class BadRow extends Error {}

export const columns = ["id", "username", "name", "surname", "balance"] as const;

const balanceMax = 1_000_000_000;

/** Reads rows by the column names in the header line; only `id` is required. */
export function userReader({ fields }: CsvRow): (row: CsvRow) => NewUser {
  const names = fields.map((name) => name.trim());
  const strange = names.find((name) => !(columns as readonly string[]).includes(name));
  if (strange !== undefined || !names.includes("id") || new Set(names).size < names.length)
    throw new Failure(`line 1: expected ${columns.join(",")}, found '${names.join(",")}'`);
  return (row) => {
    if (row.fields.length !== names.length)
      throw new BadRow(`expected ${names.length} fields, found ${row.fields.length}`);
    const textOf = (name: (typeof columns)[number]) => {
      const at = names.indexOf(name);
      return at < 0 ? "" : (row.fields[at] ?? "").trim();
    };
    const [id, balance] = [textOf("id"), textOf("balance") || "0"];
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id))
      throw new BadRow("id: expected 1 to 64 of A-Z a-z 0-9 _ -");
    if (!/^\d{1,10}$/.test(balance) || Number(balance) > balanceMax)
      throw new BadRow(`balance: expected a whole number from 0 to ${balanceMax}`);
    const texts = { username: textOf("username"), name: textOf("name") };
    return { id, ...texts, surname: textOf("surname"), balance: Number(balance) };
  };
}

/** The server to import into, and the token to use. */
export type Server = { url: string; token: string };

type Answer = { status: number; headers: Headers; errors: string[]; code: string; data: unknown };

/** How long a call is retried while the server does not answer or is overloaded. */
const patienceMilliseconds = 120_000;

async function ask(server: Server, route: string, body?: object, key?: string): Promise<Answer> {
  const [method = "", path = ""] = route.split(" ");
  const deadline = performance.now() + patienceMilliseconds;
  for (let pause = 100; ; pause = Math.min(2 * pause, 5_000)) {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${server.token}`,
        ...(body && { "content-type": "application/json" }),
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    }).catch(() => undefined);
    const answer = response && (await answerOf(response));
    if (answer !== undefined && !isBusy(answer)) return accepted(answer);
    const asked = answer && waitOf(Object.fromEntries(answer.headers), Date.now());
    const wait = Math.max(pause, asked ?? 0);
    if (performance.now() + wait > deadline)
      throw new Failure(
        `${describe(answer)} from ${server.url}. Run the import again to continue.`,
      );
    await new Promise((done) => setTimeout(done, wait));
  }
}

const describe = (answer: Answer | undefined) =>
  answer === undefined ? "No response" : `${answer.status} ${answer.errors.join("; ")}`;

/** Reads a response; undefined for a success that is cut off, which counts as none. */
async function answerOf(response: Response): Promise<Answer | undefined> {
  const { status, headers, ok } = response;
  const reply = (await response.json().catch(() => undefined)) as Partial<Answer> | undefined;
  if (reply === undefined && ok) return undefined;
  const { errors = [], code = "", data } = reply ?? {};
  return { status, headers, errors, code, data };
}

/** The firewall answers `request_blocked` (403) while the calls of a minute are above its rate. */
const isBusy = ({ status, code }: Answer) =>
  status === 429 || status >= 500 || ["key_in_progress", "request_blocked"].includes(code);

function accepted(answer: Answer): Answer {
  const { status, code, errors } = answer;
  if (status === 401 || code === "role_missing")
    throw new Failure(`OVATION_TOKEN was rejected: ${status} ${errors.join("; ")}`);
  return answer;
}

/** The API's sentences except the first, which only names the status. */
const reasonIn = ({ status, errors }: Answer) => errors.slice(1).join("; ") || `${status}`;

/**
 * Imports a user once: the balance as a top-up with a fixed reference, then the names. An existing
 * user's names are set only if they have none, so that later changes by the user are kept. Returns
 * whether the row is new. Throws `BadRow`.
 */
export async function importUser(server: Server, user: NewUser): Promise<boolean> {
  const { id, balance, ...given } = user;
  const names = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  const hasNone = Object.keys(names).length === 0;
  const isNew = balance > 0 && (await topUp(server, id, balance));
  if (hasNone && balance > 0) return isNew;
  const held = await findNames(server, id);
  // A top-up creates the user, so a missing one has deleted the account since an earlier import.
  if (held === undefined && balance > 0 && !isNew) return false;
  if (held !== undefined && (hasNone || held.some((text) => text !== ""))) return isNew;
  const named = await ask(server, `PUT /api/v1/users/${id}`, { ...names, create: true });
  if (named.status === 200) return true;
  const credits = balance > 0 ? "; the balance is in" : "";
  throw new BadRow(`${reasonIn(named)}${credits}`);
}

async function topUp(server: Server, id: string, amount: number): Promise<boolean> {
  const reference = `import:${id}`;
  const route = `POST /api/v1/wallets/${id}/top-ups`;
  const answer = await ask(server, route, { amount, reference }, reference);
  if (answer.status === 201) return !answer.headers.has("idempotency-replayed");
  if (answer.code === "reference_exists") return false;
  if (answer.code === "key_reused")
    throw new BadRow("balance: a different one was imported earlier");
  throw new BadRow(reasonIn(answer));
}

/** The names of a user; undefined if the user does not exist yet. */
async function findNames(server: Server, id: string): Promise<string[] | undefined> {
  const answer = await ask(server, `GET /api/v1/users/${id}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new BadRow(reasonIn(answer));
  const { username, name, surname } = answer.data as Omit<NewUser, "id" | "balance">;
  return [username, name, surname];
}
