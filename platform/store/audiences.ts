import { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { type Key, key } from "./keys.ts";
import { listLive, newestFirst } from "./stream-lists.ts";
import { read, table, tableName } from "./table.ts";

/** What a stream's log says of its audience as of the newest frame. */
const Audience = z.object({ PK: z.string(), viewers: z.number().int().default(0) });

/** Ids of the live streams with the most viewers now; of equal ones the latest to start first. */
export async function listMostViewed(limit: number): Promise<string[]> {
  const live = (await listLive()).sort(newestFirst("startedAt"));
  const viewers = await readViewers(live.map(({ streamId }) => key.log(streamId)));
  const seen = (streamId: string) => viewers.get(key.log(streamId).PK) ?? 0;
  const ranked = live.sort((a, b) => seen(b.streamId) - seen(a.streamId));
  return ranked.slice(0, limit).map(({ streamId }) => streamId);
}

async function readViewers(keys: Key[]): Promise<Map<string, number>> {
  const viewers = new Map<string, number>();
  for (let left = keys; left.length > 0; ) {
    const request = { RequestItems: { [tableName()]: { Keys: left.slice(0, 100) } } };
    const { Responses, UnprocessedKeys } = await table().send(new BatchGetCommand(request));
    for (const item of Responses?.[tableName()] ?? []) {
      const audience = read(Audience, item);
      viewers.set(audience.PK, audience.viewers);
    }
    const again = (UnprocessedKeys?.[tableName()]?.Keys ?? []) as Key[];
    left = [...again, ...left.slice(100)];
  }
  return viewers;
}
