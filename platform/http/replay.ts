import { refuse } from "../../domain/refusal.ts";
import {
  claimCall,
  findMarked,
  forgetMarked,
  type KeyedCall,
  type Marked,
  markerAction,
  outsideIdOf,
  type Recalled,
} from "../table/idempotency.ts";
import { commitTransaction, DuplicateKeyError, type Reply } from "../table/record.ts";
import type { Contract } from "./contract.ts";

/** What a call with a key repeats: the marker, and what that stands for. */
export type StoredReply = Marked & { recalled: Exclude<Recalled, "void"> };

/** What is known of a call's key while the call is being answered. */
export type KeyedState = {
  now: Date;
  keyed?: KeyedCall;
  /** Whether the handler has tied an answer to the key. */
  isTied?: boolean;
  /** What the key was used for, where that was looked up before the handler was done. */
  earlier?: StoredReply | undefined;
};

/** How a handler makes a call happen once. Without a key all of it is free and does nothing. */
export type Idempotency<Answer> = {
  /**
   * Checks the answer and ties it to the call's key: give the reply to the store with the effect.
   */
  idempotentReply: (answer: Answer) => Reply<Answer>;
  /**
   * Ties the answer to the call's key in a write of its own, after the effect: for a call without
   * an effect, or with one that a repetition does not double.
   */
  commitReply: (answer: Answer) => Promise<Answer>;
  /**
   * Ends the call with the earlier answer if its key was used already; to be asked before anything
   * is used up for it.
   */
  assertNew: () => Promise<void>;
  /**
   * Lets no second call with this key in until `act` has ended: it is refused with
   * `key_in_progress`. For an effect outside the table.
   */
  runExclusive: <T>(act: () => Promise<T>) => Promise<T>;
  /** Names a call with an Idempotency-Key, and each repetition of it alike. */
  callId: string | undefined;
};

/** What the handler of this call is given to make it happen once. */
export function idempotency(contract: Contract, call: KeyedState): Idempotency<unknown> {
  const { keyed, now } = call;
  const idempotentReply = (answer: unknown) => {
    call.isTied = true;
    return replyOf(contract, call, answer);
  };
  return {
    idempotentReply,
    async commitReply(answer) {
      const reply = idempotentReply(answer);
      if (keyed !== undefined) await commitTransaction([], reply);
      return reply.answer;
    },
    async assertNew() {
      call.earlier = keyed && (await findStoredReply(contract, keyed, now));
      if (call.earlier !== undefined) throw new DuplicateKeyError();
    },
    async runExclusive(act) {
      const giveBack = keyed && (await claimCall(keyed, now));
      return act().finally(giveBack);
    },
    callId: keyed && outsideIdOf(keyed),
  };
}

/** A reply that the key, where the call has one, remembers from the moment of its effect on. */
function replyOf(
  { memory, answer: [status, schema] }: Contract,
  { keyed, now }: KeyedState,
  answer: unknown,
): Reply<unknown> {
  const fit = schema.parse(answer);
  const kept = memory === undefined ? fit : memory.keep(fit);
  const remember = keyed === undefined ? [] : [markerAction(keyed, status, kept, now)];
  return { answer, remember };
}

/**
 * What a key was used for before. A key whose effect never came is freed and was not used, whatever
 * was asked for with it.
 */
export async function findStoredReply(
  { memory }: Contract,
  keyed: KeyedCall,
  now: Date,
): Promise<StoredReply | undefined> {
  const marked = await findMarked(keyed, now);
  if (marked === undefined) return undefined;
  const { kept } = marked;
  const recalled = (await memory?.recall?.(kept, now)) ?? { answer: kept };
  if (recalled !== "void") return { ...marked, recalled };
  await forgetMarked(keyed, marked);
  return undefined;
}

/**
 * The answer to a repetition: as the first one had it, or undefined where there is none yet. Where
 * the first call may have died before its effect, one that `mayFinish` (it met no refusal of its
 * own) writes it. Refuses with `key_reused` what is another request.
 */
export async function replay(
  { memory }: Contract,
  { kept, recalled, isSameRequest }: StoredReply,
  body: unknown,
  mayFinish: boolean,
): Promise<{ answer: unknown } | undefined> {
  if (!isSameRequest) refuse("key_reused");
  if (recalled !== "pending") return recalled;
  const finished = mayFinish && (await memory?.finish?.(kept, body));
  return typeof finished === "object" ? finished : undefined;
}
