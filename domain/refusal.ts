/**
 * Every way in which Ovation says no, in one table. A refusal is an answer: the caller's request
 * was understood and is not carried out. Anything else that is thrown is a fault, and ends as a
 * 500.
 *
 * `kind` says whose turn it is next (the one map from kinds to HTTP statuses is in
 * platform/http/envelope); `says` is the sentence for people, in which `{name}` stands for a fact
 * that comes with the refusal.
 */
export const refusals = {
  request_invalid: { kind: "invalid", says: "{problem}" },
  token_invalid: { kind: "unauthenticated", says: "" },
  role_missing: { kind: "forbidden", says: "This needs the role {role}" },
  route_not_found: { kind: "missing", says: "There is no route {route}" },
  body_too_large: { kind: "too_large", says: "The body may hold at most {bytesMax} bytes" },
  media_type_unsupported: { kind: "unsupported", says: "{problem}" },
  key_reused: { kind: "key_reused", says: "" },
  key_in_progress: {
    kind: "conflict",
    says: "A request with this Idempotency-Key is still being answered",
    retryAfterSeconds: 1,
  },
  too_many_requests: { kind: "too_many", says: "", retryAfterSeconds: 1 },
  unavailable: { kind: "unavailable", says: "", retryAfterSeconds: 1 },

  sign_in_failed: { kind: "conflict", says: "code: the issuer says: {problem}" },
  sign_in_unavailable: {
    kind: "conflict",
    says: "The issuer of this stage has no authorization endpoint",
  },

  user_not_found: { kind: "missing", says: "There is no user {userId}" },
  stream_not_found: { kind: "missing", says: "There is no stream {streamId}" },
  stream_not_live: { kind: "conflict", says: "The stream is {status}, not active" },
  stream_not_yours: { kind: "forbidden", says: "Only the creator of the stream may do this" },
  stream_not_startable: { kind: "conflict", says: "A stream that is {status} cannot go live" },
  too_many_live_streams: {
    kind: "conflict",
    says: "A user can have {max} streams live at once: end one first",
  },
  stream_not_cancellable: {
    kind: "conflict",
    says: "A stream that is {status} cannot be cancelled",
  },
  stream_not_scheduled: { kind: "conflict", says: "The stream is {status}, not scheduled" },
  not_a_guest: { kind: "forbidden", says: "Only guests whom the creator named may do this" },
  stream_live: { kind: "conflict", says: "The stream is active: end it first" },
  not_a_moderator: {
    kind: "forbidden",
    says: "Only the host, a moderator or an admin may do this",
  },

  member_blocked: { kind: "forbidden", says: "You are blocked in this stream" },
  member_muted: { kind: "forbidden", says: "You may not chat in this stream" },
  message_not_found: { kind: "missing", says: "There is no message {messageId} in this stream" },
  word_blocked: {
    kind: "forbidden",
    says: "content: holds a word that is blocked in this stream: {word}",
  },
  followers_only: { kind: "forbidden", says: "Only followers of the host may chat in this stream" },
  slow_mode: {
    kind: "too_many",
    says: "Slow mode: the next message is possible in {seconds} s",
  },

  gift_type_not_found: { kind: "missing", says: "There is no gift type {giftTypeId}" },
  gift_type_inactive: { kind: "conflict", says: "The gift type is not active" },
  gift_type_exists: { kind: "conflict", says: "There is a gift type with the giftId {giftId}" },
  gifts_switched_off: { kind: "conflict", says: "Gifts are switched off in this stream" },
  gift_to_oneself: { kind: "forbidden", says: "A host cannot send gifts to themselves" },
  gift_not_found: { kind: "missing", says: "There is no gift {giftId}" },
  refund_not_yours: {
    kind: "forbidden",
    says: "Only an admin may refund a gift that others than the host received",
  },
  refund_not_covered: {
    kind: "conflict",
    says: "Insufficient credits: balance {balance}, refund {amount}",
  },
  gift_already_refunded: { kind: "conflict", says: "The gift has been refunded" },
  credits_too_low: {
    kind: "conflict",
    says: "Insufficient credits: balance {balance}, price {price}",
  },
  spend_limit_reached: {
    kind: "conflict",
    says: "Daily spend limit reached: {spent} of {spendLimit} credits spent today, price {price}",
  },
  price_too_high: { kind: "invalid", says: "price: expected at most 1000000000, found {price}" },
  price_changed: {
    kind: "conflict",
    says: "expectedPrice: the price is {price}, not {expectedPrice}",
  },
  reference_exists: { kind: "conflict", says: "reference: {reference} was used before" },
  balance_too_high: { kind: "conflict", says: "The wallet cannot hold more credits" },
  transfer_to_oneself: {
    kind: "invalid",
    says: "recipientId: expected another user than the caller",
  },
  package_not_found: { kind: "missing", says: "There is no credit package {packageId}" },

  parked_not_found: { kind: "missing", says: "There is no parked record {id}" },
  parked_unfit: { kind: "conflict", says: "The record still does not fit: {reason}" },

  notification_not_found: { kind: "missing", says: "There is no notification {notificationId}" },
  notification_not_yours: {
    kind: "forbidden",
    says: "Only admins and services may notify other users",
  },

  picture_not_found: { kind: "missing", says: "There is no such picture" },
  device_not_found: { kind: "missing", says: "There is no device with this token" },

  ban_exists: { kind: "conflict", says: "The user is banned from this stream already" },
  ban_lifted: { kind: "conflict", says: "The ban has been lifted" },
  ban_not_found: { kind: "missing", says: "There is no ban {banId}" },
  ban_of_host: { kind: "conflict", says: "The host of a stream cannot be banned from it" },

  too_many_streams: {
    kind: "conflict",
    says: "A connection can be subscribed to {max} streams at once",
  },

  overlay_key_not_found: { kind: "missing", says: "There is no overlay key {keyId}" },
  too_many_overlay_keys: {
    kind: "conflict",
    says: "A stream can have {max} overlay keys: delete one first",
  },
  stream_not_granted: {
    kind: "forbidden",
    says: "This connection is for the stream {streamId} alone",
  },
  overlay_reads_only: {
    kind: "forbidden",
    says: "An overlay key reads the frames of its stream and nothing else",
  },

  account_in_use: { kind: "conflict", says: "{problem}" },
  follow_oneself: { kind: "conflict", says: "Nobody can follow themselves" },
  username_not_found: { kind: "missing", says: "There is no user {username}" },
  username_changed_lately: { kind: "conflict", says: "The username can be changed after {until}" },
  username_reserved: {
    kind: "forbidden",
    says: "The username {username} is for admins to give",
  },
  username_taken: { kind: "conflict", says: "The username {username} is taken" },
  command_unknown: { kind: "missing", says: "There is no command {command}" },
  app_id_missing: { kind: "invalid", says: "sdkappid: required" },
  app_id_invalid: { kind: "invalid", says: "sdkappid: expected a whole number" },
  app_unknown: { kind: "missing", says: "sdkappid: there is no application {sdkAppId}" },
  signature_unreadable: { kind: "unauthenticated", says: "usersig: cannot be read" },
  signature_of_other_app: {
    kind: "unauthenticated",
    says: "usersig: made for another sdkappid",
  },
  signature_of_other_account: {
    kind: "unauthenticated",
    says: "usersig: made for another identifier",
  },
  signature_wrong: {
    kind: "unauthenticated",
    says: "usersig: does not verify with the key of this application",
  },
  signature_expired: { kind: "unauthenticated", says: "usersig: expired" },
  administrator_required: {
    kind: "forbidden",
    says: "identifier: expected an administrator of the application",
  },
  command_too_frequent: {
    kind: "too_many",
    says: "At most {callsPerSecond} call a second of this command",
    retryAfterSeconds: 1,
  },
  body_unreadable: { kind: "invalid", says: "body: expected a JSON object" },
  room_not_found: { kind: "missing", says: "RoomId: there is no room {roomId}" },
  messages_disabled: { kind: "conflict", says: "Messages are switched off in this stream" },
  room_exists: { kind: "conflict", says: "RoomId: another owner has the room {roomId}" },
  room_exists_with_owner: { kind: "conflict", says: "RoomId: the owner has this room already" },
  metadata_too_large: { kind: "invalid", says: "Metadata: {problem}" },
  category_not_found: { kind: "missing", says: "CategoryId: there is no category {categoryId}" },
  too_many_categories: { kind: "conflict", says: "CategoryId: at most {max} categories" },
  too_many_relations: { kind: "conflict", says: "GiftIdList: at most {max} gifts in a category" },
  callbacks_exist: {
    kind: "conflict",
    says: "There is a callback configuration: use update_callback",
  },
  callbacks_not_found: {
    kind: "missing",
    says: "There is no callback configuration: use set_callback",
  },
  gift_callback_failed: { kind: "unavailable", says: "The callback before the gift: {problem}" },
  callback_key_wrong: { kind: "unauthenticated", says: "key: not the key of this stage" },
  gift_rejected: { kind: "conflict", says: "The callback before the gift rejected it" },
  webhook_not_found: { kind: "missing", says: "There is no webhook {webhookId}" },
  too_many_webhooks: { kind: "conflict", says: "There can be {max} webhooks at once" },
  webhook_disabled: { kind: "conflict", says: "The webhook is disabled: enable it first" },
  delivery_not_found: { kind: "missing", says: "There is no delivery {deliveryId}" },
  delivery_not_resendable: {
    kind: "conflict",
    says: "A question before a gift is not asked again: its gift was not sent",
  },
  text_not_found: { kind: "missing", says: "Language: there is no text in {language}" },
  text_name_missing: {
    kind: "invalid",
    says: "{field}: required with the first text in {language}",
  },
} as const satisfies Record<string, { kind: Kind; says: string; retryAfterSeconds?: number }>;

/** Whose turn it is after a refusal. */
export type Kind =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "missing"
  | "conflict"
  | "too_large"
  | "unsupported"
  | "key_reused"
  | "too_many"
  | "unavailable";

export type RefusalCode = keyof typeof refusals;

/** What a refusal is about: values for the placeholders in its sentence. */
type Facts = Record<string, string | number>;

/** An expected no. `details` are the sentences beyond the status's own, one thing each. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly kind: Kind;
  readonly details: string[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RefusalCode, facts: Facts = {}, details?: string[]) {
    super(code);
    this.name = "Refusal";
    this.code = code;
    const row: { kind: Kind; says: string; retryAfterSeconds?: number } = refusals[code];
    this.kind = row.kind;
    const sentence = row.says.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
    this.details = details ?? (sentence === "" ? [] : [sentence]);
    const seconds = facts.retryAfterSeconds ?? row.retryAfterSeconds;
    this.retryAfterSeconds = seconds === undefined ? undefined : Number(seconds);
  }
}

/** Says no. Never returns, so that a guard reads as one line. */
export function refuse(code: RefusalCode, facts: Facts = {}): never {
  throw new Refusal(code, facts);
}
