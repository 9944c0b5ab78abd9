import type { TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { settleAll } from "../../platform/store/money/settle.ts";
import { transfer } from "../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { whileBusy } from "./busy-wallet.ts";
import { intercept } from "./intercept.ts";
import { useOwnTable } from "./table.ts";
import {
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

/** DynamoDB's reason for an item whose condition was not evaluated, and how often it occurs. */
let mixed: { Code: string; times: number } | undefined;
let struck = 0;

/** Whether an action is on a wallet that another transaction locks. */
const isWallet = ({ Update }: NonNullable<TransactWriteCommandInput["TransactItems"]>[number]) =>
  String(Update?.Key?.PK).startsWith("WALLET#");

/**
 * The engine's own cancellations, but that a wallet's condition was not judged: another transaction
 * held the item, or its partition was throttled.
 */
function mixReasons() {
  intercept(async ({ input }, next) => {
    try {
      return await next();
    } catch (error) {
      const { CancellationReasons: reasons } = error as {
        CancellationReasons?: { Code?: string }[];
      };
      if (reasons === undefined || !mixed?.times) throw error;
      const { TransactItems = [] } = input as TransactWriteCommandInput;
      const at = TransactItems.findIndex(isWallet);
      if (reasons[at]?.Code !== "ConditionalCheckFailed") throw error;
      mixed.times--;
      struck++;
      reasons[at] = { Code: mixed.Code };
      throw error;
    }
  });
}

useOwnTable();
beforeAll(() => mixReasons());
beforeEach(() => {
  mixed = undefined;
  struck = 0;
});

const now = new Date();
const unjudged = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

test.each(unjudged)(
  "a gift concurrent with other writes of its sender succeeds after %s",
  async (Code) => {
    const [sender, friend] = [await makeUser(someone("sender"), 100), await makeUser(someone("f"))];
    const stream = await makeStream(await makeUser(someone("host")));
    mixed = { Code, times: 2 };
    // Both are decided on the same wallet, so one of them finds it written and its next entry
    // there.
    await Promise.all([
      sendOne(stream, sender, giftTypeOf(10)),
      transfer({ senderId: sender, recipientId: friend, amount: 5, now }, forget),
      sendOne(stream, sender, giftTypeOf(10)),
    ]);
    expect(struck).toBe(2);
    expect(await findWallet(sender)).toMatchObject({ balance: 75, seq: 4 });
  },
);

test.each(unjudged)(
  "a host whose wallet others write meanwhile is credited despite %s, and no gift is parked",
  async (Code) => {
    const [sender, host] = [
      await makeUser(someone("sender"), 100),
      await makeUser(someone("host"), 6),
    ];
    const stream = await makeStream(host);
    const image = await readGift(stream.id, await sendOne(stream, sender, giftTypeOf(10)));
    mixed = { Code, times: 1 };
    await whileBusy(host, { spares: true }, async () => {
      expect(await settleAll([image], now)).toEqual({ parked: 0, left: 0 });
    });
    expect(struck).toBe(1);
    expect(await findWallet(host)).toMatchObject({ balance: 16, seq: 2 });
  },
);
