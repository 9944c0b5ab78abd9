import * as z from "zod";
import { Metadata, mergeMetadata } from "../../../domain/tencent/room-metadata.ts";
import { getItem, reviseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

const Stored = z.object({ metadata: Metadata, revision: z.number().int() });

/** A room's metadata, read consistently; an empty list if there is none. */
export async function findMetadata(streamId: string): Promise<Metadata> {
  const stored = await getItem(Stored, key.roomMetadata(streamId), { consistent: true });
  return stored?.metadata ?? [];
}

/** Adds and replaces entries of a room's metadata, which is safe to repeat. */
export async function recordMetadata(streamId: string, change: Metadata): Promise<void> {
  await reviseItem(Stored, key.roomMetadata(streamId), (was) => ({
    metadata: mergeMetadata(was?.metadata ?? [], change),
  }));
}
