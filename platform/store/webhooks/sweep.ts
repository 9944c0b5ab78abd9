import * as z from "zod";
import { deleteItem, getItem, putItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** By receiver, the id of the last delivery that was examined. */
const Places = z.record(z.string(), z.string());
type Places = z.infer<typeof Places>;

/** Where the next sweep of pending deliveries continues; receivers without an entry start over. */
export const findCursors = async (): Promise<Places> =>
  (await getItem(z.object({ places: Places }), key.deliverySweep(), { consistent: true }))
    ?.places ?? {};

/** Records where the next sweep of pending deliveries continues. */
export const recordCursors = (places: Places): Promise<void> =>
  Object.keys(places).length === 0
    ? deleteItem(key.deliverySweep())
    : putItem({ ...key.deliverySweep(), places });
