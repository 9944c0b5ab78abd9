import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { openTable } from "../../bin/aws/table.ts";
import { updateItem } from "../../platform/table/items.ts";
import { moneyKindOf } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import {
  eventually,
  giftType,
  liveStream,
  type Person,
  person,
  rich,
  walletOf,
} from "../api/people.ts";
import { callBack, giftAsked } from "../api/tencent-callback.ts";
import { auditOf, clearFaults, injectFault, startOwn } from "../platform/money/running.ts";
import type { System } from "../system.ts";

const minuteMilliseconds = 60_000;

let system: System;
afterAll(async () => {
  const { dataDir } = system;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** A callback pays for a gift, and the system is killed before it is confirmed. */
async function dieHolding(sender: Person): Promise<void> {
  const [{ host, id }, GiftId] = await Promise.all([liveStream(), giftType(10)]);
  const caller = "tencent-callbacks-receive";
  const dynamodb = { caller, service: "dynamodb", operation: "TransactWriteItems" };
  const water = { From_Account: sender.id, To_Account: [host.id], GiftId };
  for (let left = 20; ; left--) {
    await injectFault({ ...dynamodb, keyPrefix: "STREAM#", kind: "silence", count: 99 });
    await injectFault({ caller, service: "sqs", kind: "error_before", count: 99 });
    const { body } = await callBack(giftAsked(id, water));
    if (left === 0 || body.ErrorCode !== 1) {
      expect(body).toMatchObject({ ErrorCode: 0 });
      break;
    }
    // A busy machine ran out of Tencent's two seconds after the hold: that gift is released first.
    await clearFaults();
    await eventually(
      () => walletOf(sender),
      ({ balance }) => balance === 100,
    );
  }
  await system.kill();
}

/** Makes the stopped system's call older, as if it had been stopped for longer. */
async function age(dataDir: string, minutes: number): Promise<void> {
  process.env.DATA_DIR = dataDir;
  const close = await openTable();
  for await (const { PK, SK, held, calledAt } of scanTable()) {
    if (moneyKindOf({ PK, SK }).kind !== "call" || held === undefined) continue;
    await updateItem({
      Key: { PK, SK },
      UpdateExpression: "SET calledAt = :at",
      ExpressionAttributeValues: { ":at": Number(calledAt) - minutes * minuteMilliseconds },
    });
  }
  await close();
}

/*
 * Planted fault that turns it red: an age of held gifts by the clock.
 */
test("a system that was killed while a gift was held passes the audit, however long it is stopped", async () => {
  process.env.TENCENT_CALLBACK_KEY = randomBytes(16).toString("hex");
  system = await startOwn();
  const sender = await rich(100);
  await dieHolding(sender);
  const { dataDir } = system;
  await age(dataDir, 10);
  const stopped = auditOf(dataDir);
  expect(stopped).toEqual({ code: 0, says: expect.stringContaining("held 10 ") });
  system = await startOwn(dataDir);
  const again = await person({ id: sender.id });
  expect(auditOf(dataDir)).toMatchObject({ code: 0 });
  await eventually(
    () => walletOf(again),
    ({ balance }) => balance === 100,
  );
  expect(auditOf(dataDir)).toEqual({ code: 0, says: expect.stringContaining("held 0 ") });
});
