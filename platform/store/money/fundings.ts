import type * as z from "zod";
import {
  credit,
  creditFormerUser,
  draftOf,
  isForFormerUser,
  spend,
} from "../../../domain/money/wallet.ts";
import { refuse } from "../../../domain/refusal.ts";
import {
  assertMayFund,
  type Contributed,
  escrowMax,
  isFundingOpen,
  isReturning,
  partsOf,
} from "../../../domain/streams/funding.ts";
import { Member } from "../../../domain/streams/member.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import { waitForAll } from "../../runtime/deadline.ts";
import { type Item, listItems, parseItem, updateIf } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems, queryPages } from "../../table/query.ts";
import type { Action, Reply } from "../../table/transact.ts";
import { contributeAction, isClosed, sumEscrow } from "../streams/escrow.ts";
import { commit, findWallet, forfeitActions, spendLimits } from "./wallets.ts";

type Contributing = { stream: Stream; userId: string; amount: number; now: Date };

/**
 * Holds a contribution to a planned stream: the debit, its part of the escrow, the giver's member
 * item and the reply are one transaction. Refuses as `assertMayFund` does, and with `funding_full`,
 * `credits_too_low`, `spend_limit_reached` or `too_many_requests`.
 */
export async function contribute(
  { stream, userId, amount, now }: Contributing,
  idempotentReply: (answer: z.infer<typeof Contributed>) => Reply<z.infer<typeof Contributed>>,
): Promise<z.infer<typeof Contributed>> {
  const fundingGoal = assertMayFund(stream, userId, now);
  const { id: streamId } = stream;
  const occurredAt = now.toISOString();
  const type = "stream_funding_contribution";
  return commit(
    [await findWallet(userId)],
    async ([wallet]) => {
      const before = await sumEscrow(streamId, { consistent: true });
      const collectedFunding = before + amount;
      if (collectedFunding > escrowMax) refuse("funding_full", { left: escrowMax - before });
      const fundingPercentage = Math.floor((collectedFunding * 100) / fundingGoal);
      const answer = { streamId, amount, collectedFunding, fundingGoal, fundingPercentage };
      return {
        drafts: [spend(wallet, { type, amount, streamId, occurredAt }, now, spendLimits())],
        actions: [
          contributeAction(streamId, userId, amount),
          memberAction(streamId, userId, amount, occurredAt),
          { Put: { Item: { ...key.funded(userId, streamId), streamId, createdAt: occurredAt } } },
        ],
        reply: idempotentReply(answer),
      };
    },
    (failed) => {
      if (isClosed(failed.get("escrow"))) refuse("funding_over");
    },
  );
}

const memberAction = (
  streamId: string,
  userId: string,
  amount: number,
  contributedAt: string,
): Action => ({
  Update: {
    Key: key.member(streamId, userId),
    UpdateExpression: "SET userId = :user, contributedAt = :at ADD contributed :amount",
    ExpressionAttributeValues: { ":user": userId, ":at": contributedAt, ":amount": amount },
  },
});

/** Members of one page of returns, and the number of concurrent returns. */
const returnedAtOnce = 100;
const concurrentReturns = 10;

/** With this many failures on one page, the cause is not in the members. */
const failuresMax = 10;

/** Where the next page begins, undefined after the last, and why a member was skipped, if any. */
type Page = { next: string | undefined; failure: unknown };

/**
 * Returns the contributions of the next members of a stream after a position, each once. A member
 * whose return fails (a busy wallet, an item that does not fit) is skipped and delays nobody.
 */
export async function returnPage(
  streamId: string,
  after: string | undefined,
  now: Date,
): Promise<Page> {
  const place = key.member(streamId, "");
  const walk = { limit: returnedAtOnce, consistent: true, ...(after && { after }) };
  const items = await queryItems(place, prefix.members, walk);
  const waiting = items.filter(isHeld);
  const failures: unknown[] = [];
  const returnNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      try {
        await returnOne(streamId, parseItem(Member, next), now);
      } catch (error) {
        failures.push(error);
        if (failures.length >= failuresMax) throw error;
      }
  };
  await waitForAll(Array.from({ length: concurrentReturns }, returnNext));
  const next = items.length < returnedAtOnce ? undefined : items.at(-1)?.SK;
  return { next, failure: failures[0] };
}

const isHeld = ({ contributed, returnedAt }: Item) =>
  contributed !== undefined && returnedAt === undefined;

/** Thrown through `commit` when another call has returned the contribution. */
class Returned extends Error {}

async function returnOne(streamId: string, member: Member, now: Date): Promise<void> {
  const { userId, contributed: amount = 0, contributedAt = "" } = member;
  const occurredAt = now.toISOString();
  const mark: Action = {
    label: "returned",
    Update: {
      Key: key.member(streamId, userId),
      UpdateExpression: "SET returnedAt = :at",
      ConditionExpression: "contributed = :amount AND attribute_not_exists(returnedAt)",
      ExpressionAttributeValues: { ":at": occurredAt, ":amount": amount },
    },
  };
  const listed = { Delete: { Key: key.funded(userId, streamId) } };
  const movements = partsOf(amount).map((part) => {
    return { type: "stream_funding_refund", amount: part, streamId, occurredAt } as const;
  });
  try {
    await commit(
      [await findWallet(userId)],
      ([wallet]) => {
        const move = isForFormerUser(wallet, Date.parse(contributedAt)) ? creditFormerUser : credit;
        const draft = movements.reduce(move, draftOf(wallet));
        const actions = [mark, listed, ...forfeitActions(draft)];
        return { drafts: [draft], actions, reply: { answer: undefined, remember: [] } };
      },
      () => {
        throw new Returned();
      },
    );
  } catch (error) {
    if (!(error instanceof Returned)) throw error;
  }
}

/** The most streams examined together. */
const fundedMax = 100;

/** Whether a contribution of the user is still held, even by a deleted stream. */
export async function hasHeldContribution(userId: string): Promise<boolean> {
  const walk = { pageSize: fundedMax, consistent: true };
  for await (const page of queryPages(key.funded(userId, ""), { prefix: prefix.funded }, walk)) {
    const places = page.map(({ streamId }) => key.stream(String(streamId)));
    const streams = await listItems(Stream, places, { consistent: true });
    if (streams.some((stream) => isFundingOpen(stream) || isReturning(stream))) return true;
  }
  return false;
}

/** Prevents a deleted user's contribution from admitting the next user of the same sub. */
export async function disownContribution(streamId: string, userId: string): Promise<void> {
  await updateIf({
    Key: key.member(streamId, userId),
    UpdateExpression: "SET isFormer = :true",
    ConditionExpression: "attribute_exists(contributed)",
    ExpressionAttributeValues: { ":true": true },
  });
}
