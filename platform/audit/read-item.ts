import { Balance } from "../../domain/credits.ts";
import {
  eventFact,
  type Fact,
  factOfShare,
  factOfType,
  factsOfCharge,
  factsOfDue,
  factsOfEntry,
  factsOfEscrow,
  factsOfFold,
  factsOfGift,
  factsOfHeld,
  factsOfMember,
  factsOfProceeds,
  factsOfReference,
  factsOfWallet,
  problemsOfEntry,
  problemsOfGift,
  sumFacts,
} from "../../domain/money/audit.ts";
import { Gift, Share } from "../../domain/money/gift-item.ts";
import type { ChainedEntry } from "../../domain/money/ledger.ts";
import { Wallet } from "../../domain/money/wallet.ts";
import { Proceeds } from "../../domain/streams/funding.ts";
import { Member } from "../../domain/streams/member.ts";
import { type Call, callOf } from "../store/money/call-marks.ts";
import { secondsOfGift } from "../store/money/gifts.ts";
import { readEntries } from "../store/money/ledger.ts";
import { totalsOf } from "../store/money/totals.ts";
import { EscrowPart } from "../store/streams/escrow.ts";
import type { Item } from "../table/items.ts";
import { dueIndex, moneyKindOf } from "../table/keys.ts";

/**
 * Gifts made between these times (seconds since 1970) must have an event, since their frames are
 * still kept.
 */
export type Window = { from: number; to: number };

/** What one item states: facts about money and events, and problems of the item itself. */
type Statement = { money: Fact[]; events: Fact[]; problems: string[]; entries?: ChainedEntry[] };

const nothing: Statement = { money: [], events: [], problems: [] };

/** Reads one item of the table. Never throws: an item that does not fit its kind is a problem. */
export function readItem(item: Item, window: Window): Statement {
  try {
    return tellOf(item, window);
  } catch (error) {
    return { ...nothing, problems: [`does not fit: ${firstLine(error)}`] };
  }
}

function tellOf(item: Item, window: Window): Statement {
  const { kind, owner, rest } = moneyKindOf(item);
  switch (kind) {
    case "wallet": {
      const wallet = Wallet.parse(item);
      const problems = [...own(item, owner), ...problemsOfMark(wallet.owed, item)];
      return { ...nothing, money: factsOfWallet(wallet), problems };
    }
    case "entry": {
      const entries = readEntries(item);
      const problems = [...own(item, owner), ...entries.flatMap(problemsOfEntry)];
      return { ...nothing, money: entries.flatMap(factsOfEntry), problems, entries };
    }
    case "reference":
      return { ...nothing, money: factsOfReference(owner, rest, Balance.parse(item.amount)) };
    case "gift":
      if (item.kind === "share") return tellOfShare(Share.parse(item));
      if (item.kind === "proceeds")
        return { ...nothing, money: factsOfProceeds(Proceeds.parse(item)) };
      return tellOfGift(item, window);
    case "member":
      return { ...nothing, money: factsOfMember(owner, Member.parse(item)) };
    case "escrow": {
      const { amount, outcome } = EscrowPart.parse(item);
      return { ...nothing, money: factsOfEscrow(owner, amount, outcome === "host") };
    }
    case "call":
      return tellOfCall(callOf(item), item);
    case "totals": {
      const { counts, ...sums } = totalsOf(item);
      const types = [...counts].map(([id, count]) => factOfType(owner, id, count));
      return { ...nothing, money: [...sumFacts(`stream ${owner}`, sums), ...types] };
    }
    case "fan":
      return {
        ...nothing,
        money: sumFacts(`fan ${rest} of stream ${owner}`, totalsOf(item)),
      };
    case "frame":
      return { ...nothing, events: tellOfFrame(owner, String(item.covers ?? ""), window) };
    default:
      return nothing;
  }
}

/** The problem of a wallet or entry in another user's partition. */
const own = ({ userId }: Record<string, unknown>, owner: string) =>
  userId === owner ? [] : [`names the user ${userId}, lies with ${owner}`];

/** A wallet's debt must be in the index of what is due, or the sum of all debts is wrong. */
function problemsOfMark(owed: number, item: Item): string[] {
  const marked = item[dueIndex.PK] === dueIndex.debtors ? item.dueCredits : 0;
  return marked === owed ? [] : [`owes ${owed}, is among the debtors with ${marked}`];
}

function tellOfShare(share: Share): Statement {
  const { id, senderId, due, dueCredits } = share;
  const pending = due === undefined ? [] : factsOfDue(id, senderId, due, dueCredits);
  return { ...nothing, money: [factOfShare(share), ...pending] };
}

function tellOfCall({ held }: Call, item: Item): Statement {
  const marked = item[dueIndex.PK] === undefined ? 0 : item.dueCredits;
  const problems = held === undefined ? [] : problemsOfGift(held);
  if (marked !== (held?.price ?? 0))
    problems.push(`holds ${held?.price ?? 0}, is in the index of what is due with ${marked}`);
  return { ...nothing, money: held === undefined ? [] : factsOfHeld(held), problems };
}

function tellOfGift(item: Item, window: Window): Statement {
  const gift = Gift.parse(item);
  const { id, kind, sender, due, dueCredits, refundedAt } = gift;
  const pending = due === undefined ? [] : factsOfDue(id, sender.userId, due, dueCredits);
  const problems = problemsOfGift(gift);
  if (due !== undefined && refundedAt !== undefined) problems.push("is refunded and still due");
  return {
    money: [...factsOfGift(gift), ...factsOfFold(gift), ...factsOfCharge(gift), ...pending],
    events: kind !== "pass" && isWithin(id, window) ? eventsOf(gift) : [],
    problems,
  };
}

function eventsOf({ streamId, id: giftId, refundedAt }: Gift): Fact[] {
  const sent = eventFact({ streamId, giftId, isRefund: false }, -1);
  if (refundedAt === undefined) return [sent];
  return [sent, eventFact({ streamId, giftId, isRefund: true }, -1)];
}

const covered = /^gift:([0-9a-f]{24})(:refunded)?$/;

const tellOfFrame = (streamId: string, covers: string, window: Window) =>
  covers.split(" ").flatMap((record) => {
    const [, giftId, refunded] = covered.exec(record) ?? [];
    if (giftId === undefined || !isWithin(giftId, window)) return [];
    return [eventFact({ streamId, giftId, isRefund: refunded !== undefined }, 1)];
  });

function isWithin(giftId: string, { from, to }: Window): boolean {
  const seconds = secondsOfGift(giftId);
  return seconds >= from && seconds <= to;
}

const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").slice(0, 300);
