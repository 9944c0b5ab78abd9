import type { ChatMessage, Client, Event } from "../../client/index.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

type Rows = ReadonlyMap<string, { message: ChatMessage }>;
type BanEvent = Extract<Event, { type: "member.banned" | "member.unbanned" }>;
type Banned = Pick<Extract<Event, { type: "member.banned" }>["data"], "targetUserId" | "endsAt">;
type Own = { client: Client; streamId: string; view: View; translator: Translator };

/**
 * Effects of bans on a chat: rows of banned users disappear, until a moderator lifts the ban, and a
 * banned user's input says why.
 */
export function createBans({ client, streamId, view, translator }: Own) {
  /** By message id, the ban that removed its row; the history still has these messages. */
  const gone = new Map<string, string>();
  const standing = new Map<string, Banned>();
  /** Number of checks and bans: the response to an earlier check may lack the newest ban. */
  let turn = 0;

  /** Checks whether the user may write before they try: a ban in the channel may be active. */
  async function check(me: string): Promise<void> {
    const query = `liveStreamId=${streamId}`;
    const path = `/api/v1/live-stream-ban/check/${me}?${query}`;
    const own = ++turn;
    try {
      const { isBanned } = await client.call<{ isBanned: boolean }>("GET", path);
      if (own === turn)
        view.composer.refuse(isBanned ? translator.translate("muted") : undefined, "muted");
    } catch {
      // If the user is banned, the server refuses their next message and says so.
    }
  }

  /** Releases the messages that a ban removed; another ban of the user keeps them. */
  function release(banId: string, userId: string): void {
    const other = [...standing].find(([, { targetUserId }]) => targetUserId === userId)?.[0];
    for (const [id, by] of gone) {
      if (by !== banId) continue;
      if (other === undefined) gone.delete(id);
      else gone.set(id, other);
    }
  }

  return {
    check,
    isGone: (messageId: string) => gone.has(messageId),
    /**
     * Returns the ids of the messages whose rows must be removed. Lifting a ban releases the
     * messages that it removed, unless the user has another ban; a timeout that ends does not.
     */
    take({ type, at, data }: BanEvent, me: string, rows: Rows): string[] {
      const { banId, targetUserId } = data;
      if (targetUserId === me) {
        turn++;
        if (type === "member.unbanned") void check(me);
        else view.composer.refuse(translator.translate("muted"), "muted");
        return [];
      }
      if (type === "member.unbanned") {
        const { endsAt } = standing.get(banId) ?? {};
        standing.delete(banId);
        if (endsAt == null || at < endsAt) release(banId, targetUserId);
        return [];
      }
      standing.set(banId, data);
      const own = [...rows].filter(([, { message }]) => message.sender._id === targetUserId);
      const ids = own.map(([id]) => id);
      for (const id of ids) gone.set(id, banId);
      return ids;
    },
  };
}
