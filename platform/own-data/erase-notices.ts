import { notificationsMax } from "../store/people/notification-marks.ts";
import { recordEach } from "../store/people/notifications.ts";
import type { Item } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { queryItems } from "../table/query.ts";
import type { Action } from "../table/transact.ts";
import { pageSizes } from "./page-sizes.ts";

/**
 * Removes the host's name from these users' notifications about these streams, at most `notices` of
 * them. Returns whether none is left; otherwise the next call finds the rest.
 */
export async function eraseNotices(
  userIds: readonly string[],
  streamIds: ReadonlySet<string>,
): Promise<boolean> {
  if (streamIds.size === 0) return true;
  const { notices } = pageSizes();
  const lists = await Promise.all(userIds.map((userId) => listNamed(userId, streamIds)));
  const named = lists.flat();
  await recordEach(named.slice(0, notices).map(titleAction));
  return named.length <= notices;
}

/** A user's notifications about these streams that still have the host's name. */
async function listNamed(userId: string, streamIds: ReadonlySet<string>): Promise<Item[]> {
  const walk = { limit: notificationsMax, newestFirst: true, consistent: true };
  const items = await queryItems(key.notification(userId, ""), prefix.notifications, walk);
  return items.filter(
    (item) =>
      item.category === "live_stream" &&
      streamIds.has(streamIn(String(item.metadata))) &&
      item.title !== titleWithoutName(item),
  );
}

const streamIn = (metadata: string): string =>
  String((JSON.parse(metadata) as { streamId?: unknown }).streamId);

const titleWithoutName = ({ title }: Item): string =>
  `A streamer ${String(title).endsWith("is live") ? "is live" : "goes live soon"}`;

function titleAction(item: Item): Action[] {
  const { PK, SK } = item;
  return [
    {
      Update: {
        Key: { PK, SK },
        UpdateExpression: "SET title = :title",
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeValues: { ":title": titleWithoutName(item) },
      },
    },
  ];
}
