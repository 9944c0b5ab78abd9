import * as z from "zod";
import { Amount, Balance } from "../credits.ts";
import { UserId } from "../id.ts";
import { text } from "../text.ts";

/**
 * Credits that come into the system or leave it; the reference is the other side's, once a wallet.
 */
export const Booking = z.object({ amount: Amount, reference: text(1, 128) });

/** What a wallet has after a booking: `balance` is what is left when debts are repaid. */
export const Booked = z
  .object({ userId: UserId, amount: Amount, balance: Balance, reference: z.string() })
  .meta({ id: "Booked" });
export type Booked = z.infer<typeof Booked>;

/** Credits from the caller to another user. */
export const Transfer = z.object({ recipientId: UserId, amount: Amount });

/** What a transfer comes to: what the sender has left, and of the recipient nothing. */
export const Transferred = z
  .object({
    senderId: UserId,
    recipientId: UserId,
    transferredAmount: Amount,
    senderBalance: Balance,
    recipientBalance: z.null().meta({ description: "Nobody sees what another user has" }),
  })
  .meta({ id: "Transferred" });
export type Transferred = z.infer<typeof Transferred>;
