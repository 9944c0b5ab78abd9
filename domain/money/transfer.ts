import * as z from "zod";
import { Amount, Balance } from "../credits.ts";
import { UserId } from "../id.ts";
import { shownText, text } from "../text.ts";

/**
 * Credits that enter or leave the system, with an external reference that is unique in a wallet.
 */
export const Booking = z.object({
  amount: Amount,
  reference: text(1, 128).meta({ description: "Names the payment; a wallet accepts it once" }),
});

/** The wallet after a booking: `balance` is what remains once debts are repaid. */
export const Booked = z
  .object({ userId: UserId, amount: Amount, balance: Balance, reference: shownText(128) })
  .meta({ id: "Booked" });
export type Booked = z.infer<typeof Booked>;

/** Credits from the caller to another user. */
export const Transfer = z.object({ recipientId: UserId, amount: Amount });

/** The outcome of a transfer: the sender's new balance, and nothing about the recipient's. */
export const Transferred = z
  .object({
    senderId: UserId,
    recipientId: UserId,
    transferredAmount: Amount,
    senderBalance: Balance,
    recipientBalance: z
      .null()
      .meta({ description: "Always null: users cannot see each other's balances" }),
  })
  .meta({ id: "Transferred" });
export type Transferred = z.infer<typeof Transferred>;
