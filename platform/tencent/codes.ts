import {
  type Kind,
  Maintenance,
  Refusal,
  type RefusalCode,
  refusals,
} from "../../domain/refusal.ts";

/** "Server internal error, please try again." */
const internalErrorCode = 100001;

/** Tencent's code for each kind of refusal without a code below. */
const codeOfKind: Record<Kind, number> = {
  invalid: 100002,
  unauthenticated: 70009,
  forbidden: 100002,
  missing: 100002,
  conflict: 100002,
  changed: 100002,
  too_large: 60002,
  unsupported: 100002,
  key_reused: 100002,
  too_many: 60007,
  unavailable: internalErrorCode,
};

/**
 * Tencent's codes for refusals that are more specific than their kind (error codes of the REST API,
 * https://trtc.io/document/34348).
 */
const codeOfRefusal: Partial<Record<RefusalCode, number>> = {
  command_unknown: 60009,
  app_id_missing: 60012,
  app_id_invalid: 60006,
  app_unknown: 70020,
  signature_unreadable: 70003,
  signature_of_other_app: 70014,
  signature_of_other_account: 70013,
  signature_wrong: 70009,
  signature_expired: 70001,
  administrator_required: 60010,
  command_too_frequent: 100012,
  body_unreadable: 60003,
  key_in_progress: 60018,
  room_exists: 100003,
  room_exists_with_owner: 100010,
  callbacks_exist: 100300,
  gift_callback_failed: 102004,
  gift_rejected: 102004,
  gift_type_not_found: 102002,
  gift_type_inactive: 102002,
  gifts_switched_off: 102008,
};

/** Tencent's number for a refusal. */
export const codeOf = (code: RefusalCode): number =>
  codeOfRefusal[code] ?? codeOfKind[refusals[code].kind];

/** The most characters of a path that the response repeats. */
const shownMax = 100;

/** The refusal of a path that is no command. */
export const unknownCommand = (path: string) =>
  new Refusal("command_unknown", { command: path.slice(0, shownMax) });

/**
 * Sentences about an account in the request, where the HTTP API's sentence addresses the caller.
 */
const saysOfRefusal: Partial<Record<RefusalCode, string>> = {
  member_blocked: "From_Account: blocked in this room",
  pass_required: "From_Account: no pass for this room",
  gift_to_oneself: "From_Account: nobody can send gifts to themselves",
  gift_type_not_found: "GiftId: there is no such gift",
  gift_type_inactive: "GiftId: the gift is not active",
  gifts_switched_off: "RoomId: the gift switch of this room is off",
  too_many_requests: "From_Account: too many gifts a second",
  key_reused: "Idempotency-Key was used with another request",
  unavailable: "Service temporarily unavailable, try again",
};

/** A gift rejected by a callback, with the callback's code and sentence. */
export class RejectedGift extends Refusal {
  /** The callback's own code, if it gave one. */
  readonly errorCode: number | undefined;

  constructor(errorInfo: string, errorCode?: number) {
    super("gift_rejected", {}, errorInfo === "" ? undefined : [errorInfo]);
    this.errorCode = errorCode;
  }
}

/** The longest ErrorInfo, in characters. */
const infoLengthMax = 500;

/** The common fields of every response. */
type Outcome = { ActionStatus: "OK" | "FAIL"; ErrorInfo: string; ErrorCode: number };

export const ok: Outcome = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };

export const internalError: Outcome = {
  ActionStatus: "FAIL",
  ErrorInfo: "Internal server error, try again",
  ErrorCode: internalErrorCode,
};

/** The details of a refusal, as a sentence for an ErrorInfo. */
export function sentenceOf(refusal: Refusal): string {
  const { code, details } = refusal;
  const known = refusal instanceof Maintenance ? undefined : saysOfRefusal[code];
  const says = known ?? (details.join("; ") || code);
  return says.slice(0, infoLengthMax).toWellFormed();
}

/** A refusal in Tencent's terms: its code and its details. */
export function outcomeOf(refusal: Refusal): Outcome {
  const { code } = refusal;
  const chosen = refusal instanceof RejectedGift ? refusal.errorCode : undefined;
  return {
    ActionStatus: "FAIL",
    ErrorInfo: sentenceOf(refusal),
    ErrorCode: chosen ?? codeOf(code),
  };
}
