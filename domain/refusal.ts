/**
 * All refusals of Ovation. A refusal is an expected response: the request was understood and is not
 * carried out. Any other error is a fault and becomes a 500.
 *
 * `kind` decides the HTTP status (mapped in platform/http/envelope.ts); `sentence` is the text for
 * people, with `{name}` as a placeholder for a fact of the refusal.
 */
export const refusals = {
  request_invalid: { kind: "invalid", sentence: "{problem}" },
  token_invalid: { kind: "unauthenticated", sentence: "" },
  role_missing: { kind: "forbidden", sentence: "This requires the role {role}" },
  route_not_found: { kind: "missing", sentence: "There is no route {route}" },
  body_too_large: { kind: "too_large", sentence: "The body may have at most {bytesMax} bytes" },
  media_type_unsupported: { kind: "unsupported", sentence: "{problem}" },
  request_blocked: { kind: "forbidden", sentence: "" },
  key_reused: { kind: "key_reused", sentence: "" },
  changed_meanwhile: { kind: "changed", sentence: "If-Match: the current ETag is {etag}" },
  key_in_progress: {
    kind: "conflict",
    sentence: "A request with this Idempotency-Key is still in progress",
    retryAfterSeconds: 1,
  },
  too_many_requests: { kind: "too_many", sentence: "", retryAfterSeconds: 1 },
  unavailable: { kind: "unavailable", sentence: "", retryAfterSeconds: 1 },

  sign_in_failed: { kind: "conflict", sentence: "code: the issuer responded: {problem}" },
  sign_in_unavailable: {
    kind: "conflict",
    sentence: "The issuer of this stage has no authorization endpoint",
  },

  user_not_found: { kind: "missing", sentence: "There is no user {userId}" },
  stream_not_found: { kind: "missing", sentence: "There is no stream {streamId}" },
  stream_not_live: { kind: "conflict", sentence: "The stream is {status}, not active" },
  stream_not_yours: { kind: "forbidden", sentence: "Only the host of the stream may do this" },
  stream_not_startable: { kind: "conflict", sentence: "A stream that is {status} cannot go live" },
  too_many_live_streams: {
    kind: "conflict",
    sentence: "A user can have {max} streams live at once: end one first",
  },
  too_many_planned_streams: {
    kind: "conflict",
    sentence: "A user can have {max} streams that have not begun: cancel or delete one first",
  },
  stream_not_cancellable: {
    kind: "conflict",
    sentence: "A stream that is {status} cannot be cancelled",
  },
  stream_not_scheduled: { kind: "conflict", sentence: "The stream is {status}, not scheduled" },
  stream_not_funded: { kind: "conflict", sentence: "The stream does not accept contributions" },
  funding_to_oneself: {
    kind: "forbidden",
    sentence: "A host cannot contribute to their own stream",
  },
  funding_over: { kind: "conflict", sentence: "Contributions have closed" },
  funding_full: { kind: "conflict", sentence: "amount: at most {left} more can be contributed" },
  not_a_guest: { kind: "forbidden", sentence: "Only invited guests may do this" },
  stream_live: { kind: "conflict", sentence: "The stream is active: end it first" },
  not_a_moderator: {
    kind: "forbidden",
    sentence: "Only the host, a moderator or an admin may do this",
  },

  member_blocked: { kind: "forbidden", sentence: "You are blocked from this stream" },
  member_muted: { kind: "forbidden", sentence: "You are muted in this stream" },
  pass_required: {
    kind: "forbidden",
    sentence: "This stream requires a pass: join it to buy one",
  },
  room_full: { kind: "conflict", sentence: "The room is full: its limit is {max}" },
  pass_not_found: { kind: "missing", sentence: "{userId} has no paid pass for this stream" },
  message_not_found: {
    kind: "missing",
    sentence: "There is no message {messageId} in this stream",
  },
  pinned_too_often: { kind: "conflict", sentence: "A message can be pinned at most {max} times" },
  word_blocked: {
    kind: "forbidden",
    sentence: "content: contains a word that is blocked in this stream: {word}",
  },
  followers_only: {
    kind: "forbidden",
    sentence: "Only followers of the host may chat in this stream",
  },
  slow_mode: {
    kind: "too_many",
    sentence: "Slow mode: you can send the next message in {seconds} s",
  },

  moment_not_found: { kind: "missing", sentence: "There is no moment {momentId} in this stream" },
  moment_over: { kind: "conflict", sentence: "The poll, goal or hype train has ended" },
  not_a_poll: { kind: "conflict", sentence: "The moment is not a poll, so it has no votes" },
  too_many_moments: {
    kind: "conflict",
    sentence: "A stream can have {max} open moments: end one first",
  },

  gift_type_not_found: { kind: "missing", sentence: "There is no gift type {giftTypeId}" },
  gift_type_inactive: { kind: "conflict", sentence: "The gift type is not active" },
  gift_type_exists: {
    kind: "conflict",
    sentence: "A gift type with the giftId {giftId} already exists",
  },
  too_many_gift_types: {
    kind: "conflict",
    sentence: "There can be {max} gift types: change or delete one that is not needed",
  },
  gifts_switched_off: { kind: "conflict", sentence: "Gifts are switched off in this stream" },
  gift_to_oneself: { kind: "forbidden", sentence: "A host cannot send gifts to themselves" },
  gift_not_found: { kind: "missing", sentence: "There is no gift {giftId}" },
  refund_not_yours: {
    kind: "forbidden",
    sentence: "Only an admin may refund a gift with receivers other than the host",
  },
  refund_not_covered: {
    kind: "conflict",
    sentence: "Insufficient credits: balance {balance}, refund {amount}",
  },
  gift_already_refunded: { kind: "conflict", sentence: "The gift has already been refunded" },
  credits_too_low: {
    kind: "conflict",
    sentence: "Insufficient credits: balance {balance}, price {price}",
  },
  spend_limit_reached: {
    kind: "conflict",
    sentence:
      "Daily spend limit reached: {spent} of {spendLimit} credits spent today, price {price}",
  },
  price_too_high: {
    kind: "invalid",
    sentence: "price: expected at most 1000000000, found {price}",
  },
  price_changed: {
    kind: "conflict",
    sentence: "expectedPrice: the price is {price}, not {expectedPrice}",
  },
  reference_exists: { kind: "conflict", sentence: "reference: {reference} was used before" },
  balance_too_high: { kind: "conflict", sentence: "The wallet cannot hold more credits" },
  transfer_to_oneself: {
    kind: "invalid",
    sentence: "recipientId: expected a user other than the caller",
  },
  package_not_found: { kind: "missing", sentence: "There is no credit package {packageId}" },

  parked_not_found: { kind: "missing", sentence: "There is no parked record {id}" },
  parked_unfit: { kind: "conflict", sentence: "The record still cannot be processed: {reason}" },

  notification_not_found: {
    kind: "missing",
    sentence: "There is no notification {notificationId}",
  },
  notification_not_yours: {
    kind: "forbidden",
    sentence: "Only admins and services may notify other users",
  },

  picture_not_found: { kind: "missing", sentence: "There is no such picture" },
  device_not_found: { kind: "missing", sentence: "There is no device with this token" },

  ban_exists: { kind: "conflict", sentence: "The user is already banned" },
  ban_lifted: { kind: "conflict", sentence: "The ban has already been lifted or has ended" },
  ban_not_found: { kind: "missing", sentence: "There is no ban {banId}" },
  ban_of_host: { kind: "conflict", sentence: "The host of a stream cannot be banned from it" },

  too_many_streams: {
    kind: "conflict",
    sentence: "A connection can be subscribed to {max} streams at once",
  },

  overlay_key_not_found: { kind: "missing", sentence: "There is no overlay key {keyId}" },
  too_many_overlay_keys: {
    kind: "conflict",
    sentence: "A stream can have {max} overlay keys: delete one first",
  },
  stream_not_granted: {
    kind: "forbidden",
    sentence: "This connection is only for the stream {streamId}",
  },
  overlay_reads_only: {
    kind: "forbidden",
    sentence: "An overlay key can only read the frames of its stream",
  },

  account_in_use: { kind: "conflict", sentence: "{problem}" },
  follow_oneself: { kind: "conflict", sentence: "You cannot follow yourself" },
  username_not_found: { kind: "missing", sentence: "There is no user {username}" },
  username_changed_lately: {
    kind: "conflict",
    sentence: "The username can be changed after {until}",
  },
  username_reserved: {
    kind: "forbidden",
    sentence: "Only an admin can assign the username {username}",
  },
  username_taken: { kind: "conflict", sentence: "The username {username} is taken" },
  command_unknown: { kind: "missing", sentence: "There is no command {command}" },
  app_id_missing: { kind: "invalid", sentence: "sdkappid: required" },
  app_id_invalid: { kind: "invalid", sentence: "sdkappid: expected a whole number" },
  app_unknown: { kind: "missing", sentence: "sdkappid: there is no application {sdkAppId}" },
  signature_unreadable: { kind: "unauthenticated", sentence: "usersig: cannot be read" },
  signature_of_other_app: {
    kind: "unauthenticated",
    sentence: "usersig: made for another sdkappid",
  },
  signature_of_other_account: {
    kind: "unauthenticated",
    sentence: "usersig: made for another identifier",
  },
  signature_wrong: {
    kind: "unauthenticated",
    sentence: "usersig: does not verify with the key of this application",
  },
  signature_expired: { kind: "unauthenticated", sentence: "usersig: expired" },
  administrator_required: {
    kind: "forbidden",
    sentence: "identifier: expected an administrator of the application",
  },
  command_too_frequent: {
    kind: "too_many",
    sentence: "At most {callsPerSecond} call a second of this command",
    retryAfterSeconds: 1,
  },
  body_unreadable: { kind: "invalid", sentence: "body: expected a JSON object" },
  room_not_found: { kind: "missing", sentence: "RoomId: there is no room {roomId}" },
  messages_disabled: { kind: "conflict", sentence: "Messages are disabled in this stream" },
  room_exists: { kind: "conflict", sentence: "RoomId: another owner has the room {roomId}" },
  room_exists_with_owner: { kind: "conflict", sentence: "RoomId: the owner already has this room" },
  metadata_too_large: { kind: "invalid", sentence: "Metadata: {problem}" },
  category_not_found: {
    kind: "missing",
    sentence: "CategoryId: there is no category {categoryId}",
  },
  too_many_categories: { kind: "conflict", sentence: "CategoryId: at most {max} categories" },
  too_many_relations: {
    kind: "conflict",
    sentence: "GiftIdList: at most {max} gifts in a category",
  },
  callbacks_exist: {
    kind: "conflict",
    sentence: "A callback configuration already exists: use update_callback",
  },
  callbacks_not_found: {
    kind: "missing",
    sentence: "There is no callback configuration: use set_callback",
  },
  gift_callback_failed: {
    kind: "unavailable",
    sentence: "The callback before the gift failed: {problem}",
  },
  callback_key_wrong: { kind: "unauthenticated", sentence: "key: not the key of this stage" },
  gift_rejected: { kind: "conflict", sentence: "Your callback rejected the gift" },
  webhook_not_found: { kind: "missing", sentence: "There is no webhook {webhookId}" },
  rotated_too_often: {
    kind: "conflict",
    sentence: "A secret can be rotated at most {max} times in 24 hours",
  },
  too_many_webhooks: {
    kind: "conflict",
    sentence: "At most {max} webhooks can exist: delete one first",
  },
  webhook_disabled: {
    kind: "conflict",
    sentence: "The webhook or callback is disabled: enable it first",
  },
  delivery_not_found: { kind: "missing", sentence: "There is no delivery {deliveryId}" },
  delivery_not_resendable: {
    kind: "conflict",
    sentence: "A callback before a gift cannot be resent: its gift was not sent",
  },
  text_not_found: { kind: "missing", sentence: "Language: there is no text in {language}" },
  text_name_missing: {
    kind: "invalid",
    sentence: "{field}: required with the first text in {language}",
  },
} as const satisfies Record<string, { kind: Kind; sentence: string; retryAfterSeconds?: number }>;

/** The kind of a refusal, which decides its status. */
export type Kind =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "missing"
  | "conflict"
  | "changed"
  | "too_large"
  | "unsupported"
  | "key_reused"
  | "too_many"
  | "unavailable";

export type RefusalCode = keyof typeof refusals;

/** The facts of a refusal: values for the placeholders in its sentence. */
type Facts = Record<string, string | number>;

/** An expected failure. `details` are the sentences that follow the status's own sentence. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly kind: Kind;
  readonly details: string[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RefusalCode, facts: Facts = {}, details?: string[]) {
    super(code);
    this.name = "Refusal";
    this.code = code;
    const row: { kind: Kind; sentence: string; retryAfterSeconds?: number } = refusals[code];
    this.kind = row.kind;
    const sentence = row.sentence.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
    this.details = details ?? (sentence === "" ? [] : [sentence]);
    const seconds = facts.retryAfterSeconds ?? row.retryAfterSeconds;
    this.retryAfterSeconds = seconds === undefined ? undefined : Number(seconds);
  }
}

/** Seconds after which a caller may check whether data can be changed again. */
const maintenanceSeconds = 30;

/**
 * Refuses every change while an operator keeps the data read-only (docs/restore.md). Nothing was
 * done and nothing is broken: callers retry later, and no fault is logged.
 */
export class Maintenance extends Refusal {
  constructor() {
    const says = "Read-only for maintenance: nothing was changed, try again later";
    super("unavailable", { retryAfterSeconds: maintenanceSeconds }, [says]);
  }
}

/** Throws a refusal. Never returns, so that a guard reads as one line. */
export function refuse(code: RefusalCode, facts: Facts = {}): never {
  throw new Refusal(code, facts);
}
