import type { ChatMessage, Client, Event } from "../../client/index.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

type Rows = ReadonlyMap<string, { message: ChatMessage }>;
type BanEvent = Extract<Event, { type: "member.banned" | "member.unbanned" }>;
type Own = { client: Client; streamId: string; view: View; translator: Translator };

/**
 * Effects of bans on a chat: rows of banned users disappear, and a banned user's input says why.
 */
export function createBans({ client, streamId, view, translator }: Own) {
  /** Messages removed by a ban; the history still has them. */
  const gone = new Set<string>();
  /** Of the newest check or ban: the answer of an earlier check may lack it. */
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
      // The server will say so when it refuses the next message.
    }
  }

  return {
    check,
    isGone: (messageId: string) => gone.has(messageId),
    /** Returns the ids of the messages whose rows must be removed. */
    take({ type, data: { targetUserId } }: BanEvent, me: string, rows: Rows): string[] {
      const isBanned = type === "member.banned";
      if (targetUserId === me) {
        turn++;
        if (isBanned) view.composer.refuse(translator.translate("muted"), "muted");
        else void check(me);
        return [];
      }
      if (!isBanned) return [];
      const own = [...rows].filter(([, { message }]) => message.sender._id === targetUserId);
      const ids = own.map(([id]) => id);
      for (const id of ids) gone.add(id);
      return ids;
    },
  };
}
