import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { audit } from "../../platform/audit/audit.ts";
import { newId } from "../../platform/runtime/id.ts";
import { dueOf } from "../../platform/store/money/due.ts";
import { contribute } from "../../platform/store/money/fundings.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { queryItems, scanTable } from "../../platform/table/query.ts";
import { forget, makeUser, someone } from "./wallet-people.ts";

const picture = "https://cdn.example.com/person.png";
const hour = 3_600_000;

/** A planned stream, of a new host unless one is given: it asks for funds and starts in an hour. */
export async function plannedStream(
  wish: object = {},
  now = new Date(),
  known?: string,
): Promise<Stream> {
  const hostId = known ?? (await makeUser(someone("host")));
  const host = summaryOf(profileOf(hostId, {}, now), picture);
  const plannedStartDate = new Date(now.getTime() + hour).toISOString();
  const body = { title: "A stream", fundingGoal: 100, plannedStartDate, ...wish };
  const context = { id: newId(now), host, defaultThumbnail: picture, now };
  const stream = makeStream(NewStream.parse(body), context);
  await recordStream(stream);
  return stream;
}

/** Contributes to a stream as this user, or as a new one with twice the amount; returns them. */
export async function giveTo(stream: Stream, amount: number, userId?: string): Promise<string> {
  const giver = userId ?? (await makeUser(someone("giver"), 2 * amount));
  const current = await getStream(stream.id, { consistent: true });
  await contribute({ stream: current, userId: giver, amount, now: new Date() }, forget);
  return giver;
}

/** Settles what a stream's escrow owes its host; returns the number of items. */
export async function settleProceeds({ id, hostId }: Stream): Promise<number> {
  const walk = { limit: 100, consistent: true };
  const items = await queryItems(key.gift(id, ""), prefix.gifts, walk);
  const due = items.flatMap((item) => dueOf(item) ?? []);
  await settle(hostId, due, new Date());
  return due.length;
}

/** The problems that the audit finds. */
export async function auditTable(): Promise<string[]> {
  const { misfits } = await audit({
    read: scanTable,
    now: new Date(),
    patienceMilliseconds: 0,
    pause: async () => {},
  });
  return misfits.map(({ problem }) => problem);
}
