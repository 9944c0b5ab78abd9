import * as z from "zod";
import { entersLikers, Liker, mergeLikers } from "../../../domain/audience/likes.ts";
import { getItem, reviseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

const Likers = z.object({ top: z.array(Liker), revision: z.number().int() });

/** The users who like a stream most, highest first. */
export const findLikers = async (streamId: string): Promise<Liker[]> =>
  (await getItem(Likers, key.likers(streamId)))?.top ?? [];

/**
 * Merges users' likes into the top list, which is one item: the result does not depend on the order
 * or repetition of merges. Written only if it changes.
 */
export const noteLikers = (streamId: string, likers: readonly Liker[]): Promise<void> =>
  likers.length === 0
    ? Promise.resolve()
    : changeLikers(streamId, (top) =>
        entersLikers(top, likers) ? mergeLikers(top, likers) : undefined,
      );

/** Removes an erased user from the list. */
export const removeLiker = (streamId: string, erasedId: string): Promise<void> =>
  changeLikers(streamId, (top) => {
    const rest = top.filter(({ userId }) => userId !== erasedId);
    return rest.length < top.length ? rest : undefined;
  });

const changeLikers = (
  streamId: string,
  decide: (top: readonly Liker[]) => Liker[] | undefined,
): Promise<void> =>
  reviseItem(Likers, key.likers(streamId), (was) => {
    const top = decide(was?.top ?? []);
    return top && { top };
  });
