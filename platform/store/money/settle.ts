import type { EntryType } from "../../../domain/money/ledger.ts";
import {
  credit,
  creditFormerUser,
  draftOf,
  isForFormerUser,
  type Wallet,
} from "../../../domain/money/wallet.ts";
import { Refusal } from "../../../domain/refusal.ts";
import { countMetric } from "../../runtime/metrics.ts";
import { isTransient, pause } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction, conflict, throttle } from "../../table/transact.ts";
import { type Due, dueOf } from "./due.ts";
import { millisecondsOfGift, secondsOfGift } from "./gifts.ts";
import { park } from "./parked.ts";
import { foldActions, foldOf } from "./totals.ts";
import {
  decisionsMax,
  findWallet,
  forfeitActions,
  immediateTriesMax,
  otherConditions,
  refreshWallets,
  type Sealed,
  seal,
} from "./wallets.ts";

/**
 * The outcome of settling: parked images, and gifts of receivers whose wallet was too busy, which
 * are left to the next sweep.
 */
type Outcome = { parked: number; left: number };

type Image = Record<string, unknown>;
type Work = { due: Due; image: Image };
type ParkImage = (image: Image, error: unknown) => Promise<void>;

/** The number of receivers settled concurrently, so that a busy one delays no others. */
const concurrentReceivers = 8;

/** Attempts on a wallet that other calls keep changing: about a second. */
const triesMax = 8;

/**
 * How long a gift is retried while its receiver is busy. Then it is left to the sweep: the gifts of
 * all other hosts wait behind it in the shard, and any user can keep a wallet busy.
 */
const patienceSeconds = 10;

/**
 * Settles images of gifts, receiver by receiver, some in parallel. An image that does not fit, or
 * cannot be settled even on its own, is parked, and the others continue. At the end it throws
 * failures that may pass (an unresponsive table, a busy receiver): then all records may be
 * redelivered, since nothing is settled twice. A receiver who stays busy is `left` after a while.
 */
export async function settleAll(images: readonly Image[], now: Date): Promise<Outcome> {
  const outcome = { parked: 0, left: 0 };
  const parkImage: ParkImage = async (image, error) => {
    await park(image, error, now);
    outcome.parked++;
  };
  const passing: unknown[] = [];
  const waiting = [...(await sortOut(images, parkImage))];
  const settleNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [receiverId, works] = next;
      try {
        await settleOrSplit(receiverId, works, now, parkImage);
      } catch (error) {
        if (error instanceof Busy && works.every(({ due }) => isLate(due, now)))
          outcome.left += works.length;
        else passing.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrentReceivers }, settleNext));
  if (passing.length > 0) throw passing[0];
  return outcome;
}

/** Thrown if other calls kept writing the receiver's wallet. */
class Busy extends Refusal {
  constructor() {
    super("unavailable");
  }
}

const isLate = ({ id }: Due, now: Date) =>
  now.getTime() / 1000 - secondsOfGift(id) > patienceSeconds;

/** The due items, by receiver; images that do not fit are set aside. */
async function sortOut(images: readonly Image[], parkImage: ParkImage) {
  const byReceiver = new Map<string, Work[]>();
  for (const image of images)
    try {
      const due = dueOf(image);
      if (due?.due === undefined) continue;
      byReceiver.set(due.due, [...(byReceiver.get(due.due) ?? []), { due, image }]);
    } catch (error) {
      await parkImage(image, error);
    }
  return byReceiver;
}

async function settleOrSplit(
  receiverId: string,
  works: readonly Work[],
  now: Date,
  parkImage: ParkImage,
): Promise<void> {
  const due = works.map((work) => work.due);
  try {
    await settle(receiverId, due, now, triesMax);
  } catch (error) {
    if (isTransient(error)) throw error;
    if (works.length === 1) return parkImage(works[0]!.image, error);
    for (const work of works) await settleOrSplit(receiverId, [work], now, parkImage);
  }
}

/** The most gifts of one host in one transaction. */
const settledAtOnceMax = 24;

/** The most actions in one transaction (TransactWriteItems). */
const actionsMax = 100;

const partOf = (due: Due) => (due.kind === "share" ? due.part : 0);
const labelOf = (due: Due) => `${due.streamId}/${due.id}/${partOf(due)}`;

/**
 * Credits one receiver for due items, each exactly once: its mark, its ledger entries, its share of
 * the stream's totals and of the leaderboard are one transaction, up to 24 items in each. An item
 * whose mark is gone is dropped (another call settled it) and the rest is retried. If another call
 * wrote the wallet meanwhile, the decision is repeated on the wallet returned by the cancellation
 * while that is fresh; later, or if another call holds the wallet, after a pause on a new read.
 * After `triesMax` attempts throws `Busy`, or `unavailable` if the table throttled the last one.
 * Called by the stream's consumer, by the sweep, and by a refund.
 */
export async function settle(
  receiverId: string,
  items: readonly Due[],
  now: Date,
  triesMax = decisionsMax,
): Promise<void> {
  const own = items.filter(({ due }) => due === receiverId);
  let waiting = [...new Map(own.map((due) => [labelOf(due), due])).values()];
  // Not the wallet that this environment wrote last: others settle too, and a cancelled transaction
  // costs fifty times as much as the read.
  let wallet = await findWallet(receiverId);
  let attempt = 0;
  while (waiting.length > 0) {
    const { batch, sealed, actions } = nextBatch(wallet, waiting, now);
    const failed = await commitTransaction(actions, undefined, { onConflict: "return" });
    if (failed === undefined) {
      wallet = sealed?.wallet ?? wallet;
      countSettled(batch);
      waiting = waiting.slice(batch.length);
      attempt = 0;
      continue;
    }
    const isJudged = !failed.has(conflict) && !failed.has(throttle);
    const settled = otherConditions(failed);
    waiting = waiting.filter((due) => !settled.has(labelOf(due)));
    if (++attempt >= triesMax) throw failed.has(throttle) ? new Refusal("unavailable") : new Busy();
    if (isJudged && attempt < immediateTriesMax)
      [wallet] = refreshWallets([wallet], failed) as [Wallet];
    else {
      await pause(isJudged ? attempt - immediateTriesMax : attempt);
      wallet = await findWallet(receiverId);
    }
  }
}

/** A gift to several receivers is one gift, whose further receivers have shares. */
function countSettled(batch: readonly Due[]): void {
  countMetric("GiftsSettled", batch.filter(({ kind }) => kind !== "share").length);
  countMetric(
    "CreditsSettled",
    batch.reduce((sum, { dueCredits }) => sum + dueCredits, 0),
  );
}

/** The items that fit one transaction, and the actions that settle them. */
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

/** The giver; null if many users funded a stream. */
const senderOf = (due: Due): string | null =>
  due.kind === "proceeds" ? null : due.kind === "share" ? due.senderId : due.sender.userId;

/** When a due item was sent, in milliseconds since 1970; a share has its gift's id. */
const sentAt = (due: Due) =>
  due.kind === "share" ? millisecondsOfGift(due.id) : Date.parse(due.createdAt);

/** The type of the receiver's entry for each kind. */
const revenues = {
  gift: "gift_revenue",
  share: "gift_revenue",
  superlike: "superlike_revenue",
  pass: "stream_revenue",
  proceeds: "stream_revenue",
} as const satisfies Record<Due["kind"], EntryType>;

/**
 * The receiver's wallet with all credits; undefined if none move, as for gifts that an application
 * charged.
 */
function creditAll(wallet: Wallet, batch: readonly Due[], now: Date): Sealed | undefined {
  let draft = draftOf(wallet);
  for (const due of batch.filter(({ dueCredits }) => dueCredits > 0)) {
    const move = isForFormerUser(wallet, sentAt(due)) ? creditFormerUser : credit;
    draft = move(draft, {
      type: revenues[due.kind],
      amount: due.dueCredits,
      counterpart: senderOf(due),
      streamId: due.streamId,
      giftId: due.id,
      occurredAt: now.toISOString(),
    });
  }
  if (draft.entries.length === 0) return undefined;
  const { wallet: after, actions } = seal(draft);
  return { wallet: after, actions: [...actions, ...forfeitActions(draft)] };
}

/** Removes the mark if it exists: this makes the whole transaction happen once. */
const settledAction = (due: Due): Action => ({
  label: labelOf(due),
  Update: {
    Key: key.gift(due.streamId, due.id, partOf(due)),
    UpdateExpression: "REMOVE #due",
    ConditionExpression: "#due = :receiver",
    ExpressionAttributeNames: { "#due": "due" },
    ExpressionAttributeValues: { ":receiver": due.due },
  },
});
