import * as z from "zod";
import { Amount, Balance } from "../credits.ts";
import { UserId } from "../id.ts";
import { shownText, text } from "../text.ts";

/**
 * Credits that enter the system or leave it, with the other side's reference, unique in a wallet.
 */
export const Booking = z.object({ amount: Amount, reference: text(1, 128) });

/** What a wallet has after a booking: `balance` is what is left once debts are repaid. */
export const Booked = z
  .object({ userId: UserId, amount: Amount, balance: Balance, reference: shownText(128) })
  .meta({ id: "Booked" });
export type Booked = z.infer<typeof Booked>;

/** Credits from the caller to another user. */
export const Transfer = z.object({ recipientId: UserId, amount: Amount });

/** The outcome of a transfer: what the sender has left; of the recipient it says nothing. */
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
