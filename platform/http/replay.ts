import { refuse } from "../../domain/refusal.ts";
import type { Grants } from "../lambda/grants.ts";
import {
  callIdOf,
  claimCall,
  findMarked,
  type KeyedCall,
  type KeyState,
  type Marked,
  markerAction,
  releaseKey,
} from "../table/idempotency.ts";
import { commitTransaction, DuplicateKeyError, type Reply } from "../table/transact.ts";
import type { Contract } from "./contract.ts";

/** What a repeated call with a key returns: the marker, and the response for it. */
export type StoredReply = Marked & { recalled: Exclude<KeyState, "void"> };

/** The state of a call's key while the call is processed. */
export type KeyedState = {
  now: Date;
  keyed?: KeyedCall;
  /** Whether the handler has tied a reply to the key. */
  isTied?: boolean;
  /** What the key was used for before, if that was looked up before the handler finished. */
  earlier?: StoredReply | undefined;
};

/** How a handler makes a call idempotent. For a call without a key, all of it does nothing. */
export type Idempotency<Answer> = {
  /**
   * Checks the response and ties it to the call's key: pass the reply to the store with the effect.
   * `revision` is the one that the response shows, if any: repeated responses show it, too.
   */
  idempotentReply: (answer: Answer, revision?: number) => Reply<Answer>;
  /**
   * Ties the response to the call's key in a separate write after the effect: for a call without an
   * effect, or with one that is idempotent.
   */
  commitReply: (answer: Answer) => Promise<Answer>;
  /**
   * Ends the call with the earlier response if its key was used already; call it before anything is
   * consumed.
   */
  assertNew: () => Promise<void>;
  /**
   * Blocks other calls with this key until `act` has ended: they are refused with
   * `key_in_progress`. For an effect outside the table.
   */
  runExclusive: <T>(act: () => Promise<T>) => Promise<T>;
  /** Identifies a call with an Idempotency-Key; its repetitions have the same id. */
  callId: string | undefined;
};

/** Grants of functions that store the Idempotency-Keys of their calls. */
export const withReplay = (grants: Grants): Grants => ({
  ...grants,
  read: [...(grants.read ?? []), "REPLAY"],
  write: [...(grants.write ?? []), "REPLAY"],
});

/** The functions with which a handler makes this call idempotent. */
export function idempotency(contract: Contract, call: KeyedState): Idempotency<unknown> {
  const { keyed, now } = call;
  const idempotentReply = (answer: unknown, revision?: number) => {
    call.isTied = true;
    return replyOf(contract, call, answer, revision);
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
      const releaseClaim = keyed && (await claimCall(keyed, now));
      return act().finally(releaseClaim);
    },
    callId: keyed && callIdOf(keyed),
  };
}

/** A reply that the key, if there is one, remembers as soon as the effect is committed. */
function replyOf(
  { replay: rules, answer: [status, schema] }: Contract,
  { keyed, now }: KeyedState,
  answer: unknown,
  revision: number | undefined,
): Reply<unknown> {
  const fit = schema.parse(answer);
  const kept = rules === undefined ? fit : rules.keep(fit);
  const remember = keyed === undefined ? [] : [markerAction(keyed, status, kept, now, revision)];
  return { answer, remember };
}

/**
 * What a key was used for before. A key whose effect was never committed is free, whatever its
 * request was.
 */
export async function findStoredReply(
  { replay: rules }: Contract,
  keyed: KeyedCall,
  now: Date,
): Promise<StoredReply | undefined> {
  const marked = await findMarked(keyed, now);
  if (marked === undefined) return undefined;
  const { kept } = marked;
  const recalled = (await rules?.recall?.(kept, now)) ?? { answer: kept };
  if (recalled !== "void") return { ...marked, recalled };
  await releaseKey(keyed, marked);
  return undefined;
}

/**
 * The response to a repeated call: the first call's, or undefined if there is none yet. If the
 * first call may have died before its effect, a call that `mayFinish` (it met no refusal) writes
 * it. Refuses another request with `key_reused`.
 */
export async function replay(
  { replay: rules }: Contract,
  { kept, recalled, isSameRequest }: StoredReply,
  body: unknown,
  mayFinish: boolean,
): Promise<{ answer: unknown } | undefined> {
  if (!isSameRequest) refuse("key_reused");
  if (recalled !== "pending") return recalled;
  const finished = mayFinish && (await rules?.finish?.(kept, body));
  return typeof finished === "object" ? finished : undefined;
}
