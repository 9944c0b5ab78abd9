import { Gift, Share } from "../../../domain/money/gift.ts";
import { credit, draftOf, type Wallet } from "../../../domain/money/wallet.ts";
import { refuse } from "../../../domain/refusal.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import { type Action, pause } from "../../table/transact.ts";
import { foldActions, foldOf } from "./totals.ts";
import {
  beyondWallets,
  decisionsMax,
  findWallet,
  freshTriesMax,
  renew,
  type Sealed,
  seal,
} from "./wallets.ts";

/** Gifts of one host that one transaction takes. */
const settledAtOnceMax = 24;

/** Actions that one transaction takes (TransactWriteItems). */
const actionsMax = 100;

/** A gift, superlike or share that is due: what the stream's images and the sweep bring. */
export type Due = Gift | Share;

/** Reads a due item; undefined when it is settled already. Throws when it does not fit. */
export function dueOf(image: Record<string, unknown>): Due | undefined {
  const due = image.kind === "share" ? Share.parse(image) : Gift.parse(image);
  return due.due === undefined ? undefined : due;
}

const partOf = (due: Due) => (due.kind === "share" ? due.part : 0);
const nameOf = (due: Due) => `${due.streamId}/${due.id}/${partOf(due)}`;

/**
 * Credits one receiver for items that are due, each exactly once: its mark, its ledger entries, its
 * share of the stream's totals and of the leaderboard are one transaction, up to 24 items in each.
 * An item whose mark is gone is dropped (somebody else settled it) and the rest is tried again. A
 * wallet that somebody else wrote meanwhile is decided on as the cancellation returned it, while
 * that is fresh; then after pauses, read again. After `triesMax` of them: `unavailable`.
 * Called by the stream's consumer, by the sweep, and by a refund.
 */
export async function settle(
  receiverId: string,
  items: readonly Due[],
  now: Date,
  triesMax = decisionsMax,
): Promise<void> {
  const mine = items.filter(({ due }) => due === receiverId);
  let waiting = [...new Map(mine.map((due) => [nameOf(due), due])).values()];
  let wallet = wallets.get(receiverId) ?? (await findWallet(receiverId));
  let attempt = 0;
  while (waiting.length > 0) {
    const { batch, sealed, actions } = nextBatch(wallet, waiting, now);
    const failed = await record(actions);
    if (failed === undefined) {
      wallet = remember(sealed?.wallet ?? wallet);
      waiting = waiting.slice(batch.length);
      attempt = 0;
      continue;
    }
    wallets.delete(receiverId);
    const settled = beyondWallets(failed);
    waiting = waiting.filter((due) => !settled.has(nameOf(due)));
    if (++attempt >= triesMax) refuse("unavailable");
    if (attempt < freshTriesMax) [wallet] = renew([wallet], failed) as [Wallet];
    else {
      await pause(attempt - freshTriesMax);
      wallet = await findWallet(receiverId);
    }
  }
}

/**
 * Wallets as this process wrote them last. Reading them from here saves a read for each batch and
 * is safe: a wallet that somebody else wrote since fails the lock, and comes back with the failure.
 */
const wallets = new Map<string, Wallet>();
const walletsMax = 1000;

function remember(wallet: Wallet): Wallet {
  if (wallets.size >= walletsMax) wallets.clear();
  wallets.set(wallet.userId, wallet);
  return wallet;
}

/** As many items as fit one transaction, and what settles them. */
function nextBatch(wallet: Wallet, waiting: readonly Due[], now: Date) {
  for (let size = Math.min(waiting.length, settledAtOnceMax); ; size--) {
    const batch = waiting.slice(0, size);
    const sealed = creditAll(wallet, batch, now);
    const folds = batch.flatMap((due) => (due.kind === "gift" ? [foldOf(due)] : []));
    const actions = [
      ...(sealed?.actions ?? []),
      ...batch.map(settledAction),
      ...foldActions(folds),
    ];
    if (actions.length <= actionsMax) return { batch, sealed, actions };
  }
}

/**
 * The receiver's wallet with all of it; undefined where no credits move (a callback decided them).
 */
function creditAll(wallet: Wallet, batch: readonly Due[], now: Date): Sealed | undefined {
  let draft = draftOf(wallet);
  for (const due of batch.filter(({ dueCredits }) => dueCredits > 0))
    draft = credit(draft, {
      type: due.kind === "superlike" ? "superlike_revenue" : "gift_revenue",
      amount: due.dueCredits,
      counterpart: due.kind === "share" ? due.senderId : due.sender.userId,
      streamId: due.streamId,
      giftId: due.id,
      occurredAt: now.toISOString(),
    });
  return draft.entries.length === 0 ? undefined : seal(draft);
}

/** Takes the mark away IF it is there: the one thing that makes all of it happen once. */
const settledAction = (due: Due): Action => ({
  label: nameOf(due),
  Update: {
    Key: key.gift(due.streamId, due.id, partOf(due)),
    UpdateExpression: "REMOVE #due",
    ConditionExpression: "#due = :receiver",
    ExpressionAttributeNames: { "#due": "due" },
    ExpressionAttributeValues: { ":receiver": due.due },
  },
});
