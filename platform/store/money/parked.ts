import * as z from "zod";
import type { ParkedRecord } from "../../../domain/money/parked.ts";
import { logFault } from "../../runtime/log.ts";
import { countMetric } from "../../runtime/metrics.ts";
import { getItem, getItems, keyText, parseItem } from "../../table/items.ts";
import { type Key, key, readKey } from "../../table/keys.ts";
import { queryAll, queryItems } from "../../table/query.ts";
import { commitTransaction, type Reply } from "../../table/transact.ts";

/** How many days a parked record waits for an operator. */
const daysKept = 90;
const daySeconds = 24 * 3600;

/** The days that may have records: the table deletes them within two days after they expire. */
const daysListed = daysKept + 2;

/** Days that are read concurrently. */
const daysAtOnce = 16;

const Parked = z.object({
  PK: z.string(),
  SK: z.string(),
  of: z.object({ PK: z.string(), SK: z.string() }),
  /** What operators see of the item: its kind, the receiver, and the credits. */
  image: z.record(z.string(), z.unknown()),
  because: z.string(),
  parkedAt: z.string(),
  expiresAt: z.number(),
});
type Parked = z.infer<typeof Parked>;

/** Without names and text: an erased user is removed from the item itself, not from copies. */
const shownOf = ({ kind, due, dueCredits }: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries({ kind, due, dueCredits }).filter(([, value]) => value !== undefined),
  );

/**
 * Sets aside a record that could not be handled, so that later ones can proceed: its keys, what
 * operators see of it, and one log line that an alarm counts. An item is parked and logged once a
 * day, however often the sweep meets it. `npm run redrive` or an admin redrives it.
 */
export async function park(
  image: Record<string, unknown>,
  error: unknown,
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  const of = { PK: String(image.PK), SK: String(image.SK) };
  const Item = {
    ...key.parked(at.slice(0, 10), keyText(of)),
    of,
    image: shownOf(image),
    because: reasonOf(error),
    parkedAt: at,
    expiresAt: Math.floor(now.getTime() / 1000) + daysKept * daySeconds,
  };
  const known = await commitTransaction([
    { Put: { Item, ConditionExpression: "attribute_not_exists(PK)" } },
  ]);
  if (known !== undefined) return;
  countMetric("RecordsParked");
  logFault("A record was parked", error, of);
}

/** The reason of an error, in one line of at most 1,000 characters. */
export function reasonOf(error: unknown): string {
  const reason =
    error instanceof z.ZodError
      ? error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join(" · ")
      : error instanceof Error
        ? error.message
        : String(error);
  return reason.slice(0, 1000);
}

/** The id of a parked record, from its day and its item, in the characters that an id may have. */
const idOf = (day: string, item: string) => Buffer.from(`${day} ${item}`).toString("base64url");

/** The day and the item in an id; undefined if the id is invalid. */
function placeOf(id: string): { day: string; item: string } | undefined {
  const [, day, item] = /^(\d{4}-\d\d-\d\d) (.+)$/.exec(`${Buffer.from(id, "base64url")}`) ?? [];
  return day === undefined || item === undefined ? undefined : { day, item };
}

/** The days with parked records that may still be kept, newest first. */
const daysBefore = (now: Date): string[] =>
  Array.from({ length: daysListed }, (_, back) =>
    new Date(now.getTime() - back * daySeconds * 1000).toISOString().slice(0, 10),
  );

/**
 * Parked records, newest day first, after the record `after`. A record that still fails is parked
 * again each day, under another id.
 */
export async function listParked(now: Date, limit: number, after?: string): Promise<Parked[]> {
  const from = after === undefined ? undefined : placeOf(after);
  const days = daysBefore(now).filter((day) => from === undefined || day <= from.day);
  const list: Parked[] = [];
  while (days.length > 0 && list.length < limit) {
    const found = await Promise.all(
      days.splice(0, daysAtOnce).map((day) => {
        const walk = { limit, ...(from?.day === day && { after: from.item }) };
        return queryItems(key.parked(day, ""), "", walk);
      }),
    );
    list.push(...found.flat().map((item) => parseItem(Parked, item)));
  }
  return list.slice(0, limit);
}

/** All parked records, newest day first: few, in one partition per day. */
export async function* eachParked(now: Date): AsyncGenerator<Parked> {
  for (const day of daysBefore(now))
    for await (const item of queryAll(key.parked(day, ""), { prefix: "" }, { consistent: true }))
      yield parseItem(Parked, item);
}

/** A parked record by its id; undefined if there is none. */
export async function findParked(id: string): Promise<Parked | undefined> {
  const place = placeOf(id);
  if (place === undefined) return undefined;
  return getItem(Parked, key.parked(place.day, place.item), { consistent: true });
}

/** Removes what was parked of an item, on any day. */
export async function removeParked(of: Key, now: Date, reply?: Reply<unknown>): Promise<void> {
  const days = daysBefore(now).map((day) => key.parked(day, keyText(of)));
  const found = await getItems(days, { consistent: true });
  const actions = [...found.values()].map(({ PK, SK }) => ({ Delete: { Key: { PK, SK } } }));
  if (actions.length > 0 || reply?.remember.length) await commitTransaction(actions, reply);
}

const textOrNull = (value: unknown) => (typeof value === "string" ? value : null);

/** A parked record as operators see it: its image may be malformed, so each field may be null. */
export function parkedRecordOf(parked: Parked): ParkedRecord {
  const { of, image, because, parkedAt, expiresAt } = parked;
  const { kind, owner, rest } = readKey(of);
  const isGift = kind === "gift";
  return {
    id: idOf(parkedAt.slice(0, 10), keyText(of)),
    reason: because,
    kind: textOrNull(image.kind),
    streamId: isGift ? owner : null,
    giftId: isGift ? rest.split("#")[0]! : null,
    receiverId: textOrNull(image.due),
    credits: typeof image.dueCredits === "number" ? image.dueCredits : null,
    parkedAt,
    expiresAt: new Date(expiresAt * 1000).toISOString(),
  };
}
