import { expect, test } from "@jest/globals";
import { startStream } from "../../domain/streams/stream-lifecycle.ts";
import { returnPage } from "../../platform/store/money/fundings.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { auditTable, giveTo, plannedStream, settleProceeds } from "./fundings.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

/** Sums alone do not show it: a return reduces the held credits. */
test("the audit reports contributions that were both credited and returned, and parts that differ", async () => {
  const now = new Date();
  const { id, hostId } = await plannedStream();
  const stream = await getStream(id, { consistent: true });
  await giveTo(stream, 100);
  const begun = await changeStream(stream, (one) => startStream(one, one.host, now), now);
  await settleProceeds({ ...begun, hostId });
  expect(await auditTable()).toEqual([]);
  await returnPage(id, undefined, now);
  const isTwice = `is the host's, and 100 of stream ${id} were returned`;
  expect(await auditTable()).toEqual([isTwice]);
  const empty = "0123456789abcdef".split("").map((shard) => key.escrow(id, shard));
  for (const Key of empty.slice(0, 1))
    await updateItem({
      Key,
      UpdateExpression: "SET outcome = :back",
      ExpressionAttributeValues: { ":back": "back" },
    });
  const differs = `goes back, and other parts of the escrow of stream ${id} to the host`;
  expect(await auditTable()).toEqual(expect.arrayContaining([isTwice, differs]));
});
