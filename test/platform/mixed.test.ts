import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import type { TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { transfer } from "../../platform/store/money/bookings.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { table } from "../../platform/table/table.ts";
import { whileBusy } from "./busy-wallet.ts";
import { startTable } from "./table.ts";
import {
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

/** What DynamoDB says of an item whose condition it could not judge, and how often it says so. */
let mixed: { Code: string; times: number } | undefined;
let struck = 0;

/** Whether an action is about a wallet, which somebody else holds at that moment. */
const isWallet = ({ Update }: NonNullable<TransactWriteCommandInput["TransactItems"]>[number]) =>
  String(Update?.Key?.PK).startsWith("WALLET#");

/**
 * The engine's own cancellations, but that a wallet's condition was not judged: another transaction
 * held the item, or its partition was throttled.
 */
function mixReasons() {
  table().middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (!(error instanceof TransactionCanceledException) || !mixed?.times) throw error;
        const { TransactItems = [] } = args.input as TransactWriteCommandInput;
        const at = TransactItems.findIndex(isWallet);
        const reason = error.CancellationReasons?.[at];
        if (reason?.Code !== "ConditionalCheckFailed") throw error;
        mixed.times--;
        struck++;
        error.CancellationReasons![at] = { Code: mixed.Code };
        throw error;
      }
    },
    { step: "initialize" },
  );
}

let stop: () => Promise<void>;
beforeAll(async () => {
  ({ stop } = await startTable());
  mixReasons();
});
afterAll(() => stop());
beforeEach(() => {
  mixed = undefined;
  struck = 0;
});

const now = new Date();
const unjudged = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

test.each(unjudged)("a gift beside other writes of its sender is made, told %s", async (Code) => {
  const [sender, friend] = [await makeUser(someone("sender"), 100), await makeUser(someone("f"))];
  const stream = await makeStream(await makeUser(someone("host")));
  mixed = { Code, times: 2 };
  // Both are decided on the same wallet, so one of them finds it written and its next entry there.
  await Promise.all([
    sendOne(stream, sender, giftTypeOf(10)),
    transfer({ senderId: sender, recipientId: friend, amount: 5, now }, forget),
    sendOne(stream, sender, giftTypeOf(10)),
  ]);
  expect(struck).toBe(2);
  expect(await findWallet(sender)).toMatchObject({ balance: 75, seq: 4 });
});

test.each(unjudged)(
  "a host whose wallet others write meanwhile is credited, told %s: no gift is parked",
  async (Code) => {
    const [sender, host] = [
      await makeUser(someone("sender"), 100),
      await makeUser(someone("host"), 6),
    ];
    const stream = await makeStream(host);
    const image = await readGift(stream.id, await sendOne(stream, sender, giftTypeOf(10)));
    mixed = { Code, times: 2 };
    await whileBusy(host, { spares: true }, async () => {
      expect(await settleAll([image], now)).toEqual({ parked: 0, left: 0 });
    });
    expect(struck).toBe(2);
    expect(await findWallet(host)).toMatchObject({ balance: 16, seq: 2 });
  },
);
