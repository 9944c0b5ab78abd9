import * as z from "zod";
import { UserId } from "../id.ts";
import { EntryItem, entriesOf, Transaction, transactionOf } from "../money/ledger.ts";
import { Relation } from "../people/follow.ts";
import { Notification, notificationOf, StoredNotification } from "../people/notification.ts";
import { Profile, shownNames, UserSummary } from "../people/user.ts";

const Names = z.object(shownNames);

/** A row of `/me/transactions`, with the user whose wallet it is about. */
const WalletRow = Transaction.extend({ userId: UserId });

/** The data of events outside streams, by type. Only webhooks receive them, never viewers. */
export const userEventData = {
  "notification.created": Notification.meta({
    description: "A user has a new notification; a back end can push it to phones",
  }),
  "wallet.credited": WalletRow.meta({ description: "A user's wallet was credited" }),
  "wallet.debited": WalletRow.meta({ description: "A user's wallet was debited" }),
  "follow.created": z
    .object({ follower: UserSummary, followed: UserSummary })
    .meta({ description: "A user followed another user" }),
  "user.renamed": z
    .object({ userId: UserId, before: Names, after: Names })
    .meta({ description: "A user's username, name or surname changed" }),
  "user.deleted": z
    .object({ userId: UserId })
    .meta({ description: "A user deleted their account" }),
} as const;
export type UserEventType = keyof typeof userEventData;

/** Looks up users for an event: `find` returns null for deleted ones. */
type People = {
  find(userId: string): UserSummary | null;
  show(userId: string): UserSummary;
};

/** An event about a user. Other users in it are looked up only if a webhook receives the event. */
export type UserEvent = {
  /** The same regardless of how often the record arrives. */
  id: string;
  type: UserEventType;
  at: string;
  /** The user that the event belongs to. Events of one user are sent in order. */
  userId: string;
  people: readonly string[];
  dataOf(people: People): Record<string, unknown>;
};

type Image = Record<string, unknown>;

/** A change of an item of a user. */
export type UserItemChange = {
  kind: "notification" | "entry" | "relation" | "profile";
  /** Seconds since 1970. */
  createdAt: number;
  old: Image | undefined;
  new: Image | undefined;
};

/** The reader of each kind of item; the compiler requires one for each. */
const readers: Record<UserItemChange["kind"], (change: UserItemChange) => UserEvent[]> = {
  notification: notificationEvents,
  entry: walletEvents,
  relation: followEvents,
  profile: profileEvents,
};

/** The kinds of items whose changes are events about users. */
export const userChangeKinds = Object.keys(readers) as readonly UserItemChange["kind"][];

/** Whether changes of this kind of item are events about users. */
export const isUserChangeKind = (kind: string): kind is UserItemChange["kind"] =>
  Object.hasOwn(readers, kind);

/**
 * The events for webhooks that an item's change causes. Their ids consist of the item's own id and
 * the change, never of the batch. Throws if an image does not fit its kind.
 */
export const userEventsOf = (change: UserItemChange): UserEvent[] => readers[change.kind](change);

function notificationEvents({ old, new: image }: UserItemChange): UserEvent[] {
  if (old !== undefined || image === undefined) return [];
  const notification = notificationOf(StoredNotification.parse(image));
  const { id, userId, createdAt: at } = notification;
  const dataOf = () => notification;
  return [
    { id: `notification:${id}`, type: "notification.created", at, userId, people: [], dataOf },
  ];
}

/** One commit may write several entries of a wallet in a single item. */
function walletEvents({ old, new: image }: UserItemChange): UserEvent[] {
  if (old !== undefined || image === undefined) return [];
  // Events do not contain the links of the chain.
  return entriesOf(EntryItem.parse(image), () => "").map((entry) => {
    const { userId, seq, amount, counterpart, occurredAt: at } = entry;
    return {
      id: `entry:${userId}:${seq}`,
      type: amount > 0 ? "wallet.credited" : "wallet.debited",
      at,
      userId,
      people: counterpart === null ? [] : [counterpart],
      dataOf: ({ find }) => ({
        userId,
        ...transactionOf(entry, counterpart === null ? null : find(counterpart)),
      }),
    };
  });
}

function followEvents({ old, new: image }: UserItemChange): UserEvent[] {
  if (old !== undefined || image === undefined) return [];
  const { relationId, followerId, followedId: userId, at } = Relation.parse(image);
  const people = [followerId, userId];
  const dataOf = ({ show }: People) => ({ follower: show(followerId), followed: show(userId) });
  return [{ id: `follow:${relationId}`, type: "follow.created", at, userId, people, dataOf }];
}

function profileEvents({ createdAt, old, new: image }: UserItemChange): UserEvent[] {
  if (old === undefined) return [];
  const was = Profile.parse(old);
  const { userId } = was;
  const about = { userId, people: [] };
  if (image === undefined) {
    // The table's times are in whole seconds. A deletion comes after everything else of its second.
    const at = new Date(createdAt * 1000 + 999).toISOString();
    const id = `user:${userId}:${was.updatedAt}:deleted`;
    return [{ ...about, id, type: "user.deleted", at, dataOf: () => ({ userId }) }];
  }
  const is = Profile.parse(image);
  const { updatedAt: at } = is;
  const data = { userId, before: Names.parse(was), after: Names.parse(is) };
  if (JSON.stringify(data.before) === JSON.stringify(data.after)) return [];
  return [{ ...about, id: `user:${userId}:${at}`, type: "user.renamed", at, dataOf: () => data }];
}
