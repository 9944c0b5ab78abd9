import * as z from "zod";
import { getItem, isAbsent } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

const OpenMoment = z.object({
  id: z.string(),
  of: z.string().nullable(),
  startedAt: z.string(),
  endsAt: z.string().nullable(),
});

/** The open moments of a stream, in one item, which calls that like or start one read. */
const OpenMoments = z.object({ open: z.array(OpenMoment), revision: z.number().int() });
export type OpenMoments = z.infer<typeof OpenMoments>;

/** The open moments, read consistently; also those that are over by time but not yet counted. */
export const findOpenMoments = async (streamId: string): Promise<OpenMoments> =>
  (await getItem(OpenMoments, key.openMoments(streamId), { consistent: true })) ?? {
    open: [],
    revision: 0,
  };

/** Writes a stream's open moments if they are unchanged since the read. The label is `open`. */
export function openMomentsAction(
  streamId: string,
  { revision }: OpenMoments,
  open: OpenMoments["open"],
): Action {
  const isSame =
    revision === 0
      ? isAbsent
      : {
          ConditionExpression: "#revision = :was",
          ExpressionAttributeNames: { "#revision": "revision" },
          ExpressionAttributeValues: { ":was": revision },
        };
  const Item = { ...key.openMoments(streamId), open, revision: revision + 1 };
  return { label: "open", Put: { Item, ...isSame } };
}
