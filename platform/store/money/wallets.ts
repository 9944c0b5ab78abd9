import {
  type Draft,
  draftOf,
  emptyWallet,
  isForFormerUser,
  type SpendLimits,
  Wallet,
} from "../../../domain/money/wallet.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { setting } from "../../runtime/env.ts";
import { pause } from "../../table/conflicts.ts";
import { getRawItem, type Item, parseItem, updateItem } from "../../table/items.ts";
import { dueIndex, key } from "../../table/keys.ts";
import { type Action, commitTransaction, type Failed, type Reply } from "../../table/transact.ts";
import { chain, entryActions } from "./ledger.ts";

/** The user's wallet, read consistently; a missing one is empty. */
export async function findWallet(userId: string): Promise<Wallet> {
  return walletOf(userId, await getRawItem(key.wallet(userId), { consistent: true }));
}

const walletOf = (userId: string, item: Record<string, unknown> | undefined): Wallet =>
  item === undefined ? emptyWallet(userId) : parseItem(Wallet, item);

/**
 * Sets or removes a user's own spend limit. Nothing else of the wallet changes, so a concurrent
 * decision on it still holds; the limit applies from the next one. A missing wallet is created,
 * empty.
 */
export async function recordSpendLimit(userId: string, spendLimit: number | null): Promise<void> {
  const { balance, owed, seq, head, revision } = emptyWallet(userId);
  const fields = { userId, balance, owed, seq, head, revision };
  const made = Object.keys(fields).map((name) => `#${name} = if_not_exists(#${name}, :${name})`);
  const change = spendLimit === null ? "REMOVE #limit" : ", #limit = :limit";
  await updateItem({
    Key: key.wallet(userId),
    UpdateExpression: `SET ${made.join(", ")} ${change}`,
    ExpressionAttributeNames: {
      ...Object.fromEntries(Object.keys(fields).map((name) => [`#${name}`, name])),
      "#limit": "spendLimit",
    },
    ExpressionAttributeValues: {
      ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`:${name}`, value])),
      ...(spendLimit !== null && { ":limit": spendLimit }),
    },
  });
}

/**
 * The actions that each start of a stream includes: they write the host's wallet, so that a
 * concurrent deletion of the account decides again. Undefined if the stream is older than the last
 * deletion of the account: a new user of the same `sub` must not start it.
 */
export async function hostActions({
  hostId,
  createdAt,
}: Pick<Stream, "hostId" | "createdAt">): Promise<Action[] | undefined> {
  const wallet = await findWallet(hostId);
  return isForFormerUser(wallet, Date.parse(createdAt)) ? undefined : seal(draftOf(wallet)).actions;
}

const walletLabel = (userId: string) => `wallet:${userId}`;

/** A draft with its hashes: the resulting wallet, and the actions that write it. */
export type Sealed = { wallet: Wallet; actions: Action[] };

/**
 * Seals a draft. Its actions write the wallet, if it is unchanged since the read, and the entries;
 * the user's own spend limit, which no draft decides, stays unchanged.
 */
export function seal({ before, after, entries }: Draft): Sealed {
  const { chained, head } = chain(before.head, entries);
  const wallet = { ...after, head };
  return { wallet, actions: [walletAction(before, wallet), ...entryActions(chained)] };
}

/**
 * Adds a draft's forfeited credits to the total ever forfeited by users of this id: the audit
 * matches the payouts with it.
 */
export function forfeitActions({ after, entries }: Draft): Action[] {
  const forfeits = entries.filter(({ reference }) => reference === "forfeit");
  if (forfeits.length === 0) return [];
  const amount = -forfeits.reduce((sum, entry) => sum + entry.amount, 0);
  return [
    {
      Update: {
        Key: key.reference(after.userId, "forfeit"),
        UpdateExpression: "SET #type = :type, occurredAt = :at ADD amount :amount",
        ExpressionAttributeNames: { "#type": "type" },
        ExpressionAttributeValues: {
          ":type": "payout",
          ":at": forfeits[0]!.occurredAt,
          ":amount": amount,
        },
      },
    },
  ];
}

/** While a wallet has a debt, it is among the debtors in the index of what is due. */
const markOf = ({ owed }: Wallet) => ({ [dueIndex.PK]: dueIndex.debtors, dueCredits: owed });

function walletAction(before: Wallet, after: Wallet): Action {
  const { spendLimit: _, ...decided } = after;
  const isOwing = after.owed > 0;
  const stored = { ...decided, ...(isOwing && markOf(after)) };
  const fields = Object.entries(stored).filter(([, value]) => value !== undefined);
  return {
    label: walletLabel(after.userId),
    Update: {
      Key: key.wallet(after.userId),
      UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(", ")}${
        isOwing ? "" : ` REMOVE ${Object.keys(markOf(after)).join(", ")}`
      }`,
      ConditionExpression:
        before.revision === 0
          ? "attribute_not_exists(#revision) OR #revision = :before"
          : "#revision = :before",
      ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
        ":before": before.revision,
      },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}

/** A decision on wallets: their drafts, further actions, and the result. */
type Decision<A> = {
  drafts: readonly Draft[];
  actions?: readonly Action[];
  reply: Reply<A>;
};

/** Handles failed conditions other than the wallets': refuses, or changes the inputs. */
type OnFailed = (failed: Failed) => void | Promise<void>;

/**
 * The most decisions on one wallet. Each failure means that another call was faster, so this is how
 * many calls of one user can compete; with the pauses between them it takes about 4 s.
 */
export const decisionsMax = 20;

/** Attempts on the wallets that the cancellation returned; later ones read the wallets again. */
export const immediateTriesMax = 4;

/**
 * Decides on wallets and commits, exactly once. If another call wrote a wallet in between, the
 * cancellation returns it and the decision is repeated immediately while that is fresh; then after
 * pauses with jitter, on a new read, since a returned wallet is stale by then. After `decisionsMax`
 * attempts refuses with `unavailable`.
 * Other failed conditions go to `onFailed`, which refuses or allows a retry.
 */
export async function commit<A, Wallets extends readonly Wallet[]>(
  wallets: readonly [...Wallets],
  decide: (wallets: Wallets) => Decision<A> | Promise<Decision<A>>,
  onFailed: OnFailed = fault,
): Promise<A> {
  let current = wallets as Wallets;
  for (let attempt = 1; attempt <= decisionsMax; attempt++) {
    const { drafts, actions = [], reply } = await decide(current);
    const all = [...drafts.flatMap((draft) => seal(draft).actions), ...actions];
    if (all.length === 0) return reply.answer;
    const failed = await commitTransaction(all, reply);
    if (failed === undefined) return reply.answer;
    const others = otherConditions(failed);
    if (others.size > 0) await onFailed(others);
    if (attempt < immediateTriesMax) current = refreshWallets(current, failed);
    else {
      await pause(attempt - immediateTriesMax);
      current = await reread(current);
    }
  }
  refuse("unavailable");
}

async function reread<Wallets extends readonly Wallet[]>(wallets: Wallets): Promise<Wallets> {
  const read: readonly Wallet[] = await Promise.all(
    wallets.map(({ userId }) => findWallet(userId)),
  );
  return read as Wallets;
}

/**
 * The failed conditions that are not due to a concurrently written wallet. Throws if an entry
 * exists although its wallet's lock held: then the ledger has more than the wallet.
 */
export function otherConditions(failed: Failed): Failed {
  const others: Failed = new Map();
  for (const [label, item] of failed) {
    const [kind, userId = ""] = label.split(":");
    if (kind === "wallet") continue;
    if (kind !== "entry") others.set(label, item);
    else if (!failed.has(walletLabel(userId)))
      throw new Error(`The ledger of ${userId} has an entry that is not in its wallet`);
  }
  return others;
}

/** The wallets as the cancellation returned them; those whose condition held are unchanged. */
export function refreshWallets<Wallets extends readonly Wallet[]>(
  wallets: Wallets,
  failed: Map<string, Item | undefined>,
): Wallets {
  const renewed: readonly Wallet[] = wallets.map((wallet) => {
    const label = walletLabel(wallet.userId);
    return failed.has(label) ? walletOf(wallet.userId, failed.get(label)) : wallet;
  });
  return renewed as Wallets;
}

/** With only wallets and entries, no other condition can fail. */
function fault(failed: Failed): never {
  throw new Error(`Unexpected conditions failed: ${[...failed.keys()].join(", ")}`);
}

/** The stage's limits on one user's spending of any kind. */
export const spendLimits = (): SpendLimits => ({
  giftsPerSecond: setting("GIFTS_PER_SECOND"),
  spendLimit: setting("SPEND_LIMIT"),
});
