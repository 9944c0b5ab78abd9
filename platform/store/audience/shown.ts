import type * as z from "zod";
import type { Likes } from "../../../domain/audience/likes.ts";
import { likesIn } from "../../../domain/log/sums.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { userSummary } from "../people/users.ts";
import { findShown } from "../streams/display-names.ts";
import { findLikers, readState } from "./log-state.ts";

/** A stream's likes, and the users who like it most, without deleted ones. */
export async function readLikes(
  stream: Stream,
  limit: number,
  now: Date,
): Promise<z.input<typeof Likes>> {
  const [state, likers] = await Promise.all([readState(stream.id), findLikers(stream.id)]);
  const ids = likers.map(({ userId }) => userId);
  const shown = await findShown(stream, ids.slice(0, limit), now);
  const top = likers.flatMap(({ userId, likes }) => {
    const user = shown.get(userId);
    return user === undefined ? [] : [{ user: userSummary(user), likes }];
  });
  return { total: likesIn(state), top: top.map((one, at) => ({ rank: at + 1, ...one })) };
}
