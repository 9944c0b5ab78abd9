import { GetCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { refuse } from "../../domain/refusal.ts";
import { Profile } from "../../domain/user.ts";
import { type Draft, emptyWallet, Wallet } from "../../domain/wallet.ts";
import { key, prefix } from "./keys.ts";
import { chain, entryAction } from "./ledger.ts";
import { type Reply, record } from "./record.ts";
import { type Item, read, table, tableName } from "./table.ts";
import { type Action, type Failed, pause, triesMax } from "./transact.ts";

/** The user's wallet, read consistently; one that is not there is empty. */
export async function findWallet(userId: string): Promise<Wallet> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.wallet(userId), ConsistentRead: true }),
  );
  return walletOf(userId, Item);
}

const walletOf = (userId: string, item: Record<string, unknown> | undefined): Wallet =>
  item === undefined ? emptyWallet(userId) : read(Wallet, item);

/** A user with their credits. The profile is undefined for a user who is not known. */
export type Account = { profile: Profile | undefined; wallet: Wallet };

/** Profile and wallet together, read consistently: they lie side by side and cost one read. */
export async function findAccount(userId: string): Promise<Account> {
  const { PK } = key.profile(userId);
  const { Items = [] } = await table().send(
    new QueryCommand({
      TableName: tableName(),
      KeyConditionExpression: "PK = :user AND begins_with(SK, :account)",
      ExpressionAttributeValues: { ":user": PK, ":account": prefix.account },
      ConsistentRead: true,
    }),
  );
  const of = ({ SK }: { SK: string }) => Items.find((item) => item.SK === SK);
  const profile = of(key.profile(userId));
  return {
    profile: profile && read(Profile, profile),
    wallet: walletOf(userId, of(key.wallet(userId))),
  };
}

const walletLabel = (userId: string) => `wallet:${userId}`;

/**
 * What writes a draft: the wallet IF nobody has written it since it was read, and its entries. Fields
 * that no draft decides (the user's own spend limit) stay as they are.
 */
export function draftActions({ before, after, entries }: Draft): Action[] {
  const { chained, head } = chain(before.head, entries);
  const { userId, balance, owed, seq, revision, pace, spent, combos } = after;
  const fields = { userId, balance, owed, seq, head, revision, pace, spent, combos };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const wallet: Action = {
    label: walletLabel(userId),
    Update: {
      Key: key.wallet(userId),
      UpdateExpression: `SET ${given.map(([name]) => `#${name} = :${name}`).join(", ")}`,
      ConditionExpression:
        before.revision === 0
          ? "attribute_not_exists(#revision) OR #revision = :before"
          : "#revision = :before",
      ExpressionAttributeNames: Object.fromEntries(given.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
        ":before": before.revision,
      },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
  return [wallet, ...chained.map(entryAction)];
}

/** What a decision on wallets comes to: their drafts, what else is written, and the answer. */
export type Decision<A> = {
  drafts: readonly Draft[];
  actions?: readonly Action[];
  reply: Reply<A>;
};

/** Says what it means that other conditions than the wallets' failed: refuses, or changes its mind. */
type OnFailed = (failed: Failed) => void | Promise<void>;

/**
 * Decides on wallets and commits, exactly once. A wallet that somebody else wrote in between comes
 * back with the cancellation and is decided on again, with jitter and a bound; then `unavailable`.
 * Other conditions that failed are given to `onFailed`, which refuses or lets it be tried again.
 */
export async function commit<A>(
  wallets: readonly Wallet[],
  decide: (wallets: Wallet[]) => Decision<A>,
  onFailed: OnFailed = fault,
): Promise<A> {
  let current = [...wallets];
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const { drafts, actions = [], reply } = decide(current);
    const failed = await record([...drafts.flatMap(draftActions), ...actions], reply);
    if (failed === undefined) return reply.answer;
    const lost = [...failed.keys()].filter((label) => label.startsWith("wallet:"));
    if (lost.length < failed.size) await onFailed(others(failed, lost));
    current = renew(current, failed);
    await pause(attempt);
  }
  refuse("unavailable");
}

const others = (failed: Failed, lost: readonly string[]): Failed =>
  new Map([...failed].filter(([label]) => !lost.includes(label)));

/** The wallets as the cancellation returned them; those whose condition held are as they were. */
export function renew(wallets: readonly Wallet[], failed: Map<string, Item | undefined>): Wallet[] {
  return wallets.map((wallet) => {
    const label = walletLabel(wallet.userId);
    return failed.has(label) ? walletOf(wallet.userId, failed.get(label)) : wallet;
  });
}

/** A condition that only a broken table fails: such as an entry that is there before its number is. */
function fault(failed: Failed): never {
  throw new Error(`Conditions failed that never should: ${[...failed.keys()].join(", ")}`);
}
