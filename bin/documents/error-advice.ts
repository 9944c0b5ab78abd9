import type { RefusalCode } from "../../domain/refusal.ts";

/**
 * What a client does about each refusal, for docs/errors.md; a refusal without an entry does not
 * compile. The second sentence is the meaning of the code, if the refusal's own sentence depends on
 * the request. For Tencent's API, the client is the calling server.
 */
export const adviceOf: Record<RefusalCode, readonly [does: string, means?: string]> = {
  request_invalid: [
    "Fix what `errors` names; the same request fails again",
    "A field, parameter or header is invalid; each further sentence of `errors` names one",
  ],
  token_invalid: [
    "Get a new token and retry once; then ask the user to sign in",
    "The token is missing, expired, revoked, or from another issuer or audience",
  ],
  role_missing: ["Hide this action; call it from your back end with a token of that role"],
  route_not_found: ["Compare method and path with the reference"],
  body_too_large: ["Send less: fewer items, or a smaller picture"],
  media_type_unsupported: [
    "Send the `content-type` that the operation describes",
    "The operation does not accept this content type",
  ],
  request_blocked: [
    "Retry after a minute, once; then report the time and your IP address to the operator",
    "The stage's firewall, or another check in front of the functions, refused the request",
  ],
  key_reused: [
    "Use a new `Idempotency-Key` for each new action",
    "The key was used for another request in the last 24 hours",
  ],
  changed_meanwhile: [
    "Read the resource again, reapply the change, and send it with the new `ETag`",
    "`If-Match` names another version than the current one; nothing was changed",
  ],
  key_in_progress: ["Wait for `Retry-After`, then retry with the same key"],
  too_many_requests: [
    "Wait for `Retry-After`, then retry",
    "More requests than [the rate of this kind of call](abuse.md) allows",
  ],
  unavailable: [
    "Wait for `Retry-After`, then retry with the same `Idempotency-Key`",
    "A dependency did not respond; the call may have taken effect",
  ],

  sign_in_failed: ["Start the sign-in again: a code is valid once and for a short time"],
  sign_in_unavailable: ["Accept a pasted token: [identity](identity.md)"],

  user_not_found: ["Show that the account is gone; a back end checks the id"],
  stream_not_found: ["Leave the stream's page and reload the list"],
  stream_not_live: ["Disable everything that needs a live stream; show that it has ended"],
  stream_not_yours: ["Hide the host's controls"],
  stream_not_startable: ["Reload the stream; create another one to go live"],
  too_many_live_streams: ["Offer to end a live stream"],
  stream_not_cancellable: ["Reload the stream; end a live one instead"],
  stream_not_scheduled: ["Hide the reminder and contributions"],
  not_a_guest: ["Ask the host for an invitation, or join as a viewer"],
  stream_live: ["End the stream, then delete it"],
  not_a_moderator: ["Hide the moderation tools"],

  member_blocked: ["Leave the stream; show that it is closed to this user"],
  room_full: ["Show that the room is full, and offer to try again"],
  member_muted: ["Disable the input, but keep the text"],
  message_not_found: ["Remove the message from the view"],
  pinned_too_often: ["Pin another message, or send the text again"],
  word_blocked: ["Let the user change the text"],
  followers_only: ["Offer to follow the host"],
  stream_not_funded: ["Offer contributions only where `fundingGoal` is not null"],
  funding_to_oneself: ["Hide the button from the host"],
  funding_over: ["Reload the stream; contributions were returned or paid to the host"],
  funding_full: ["Offer at most the amount in `errors`"],
  pass_required: ["Show the price (`price` of the stream) and offer to join"],
  pass_not_found: ["Show that this user has no pass"],
  slow_mode: ["Count down `Retry-After` on the button, and keep the text"],

  gift_type_not_found: ["Reload the gift types"],
  gift_type_inactive: ["Remove it from the gift sheet"],
  gift_type_exists: ["Choose another `giftId`, or change the type that has it"],
  too_many_gift_types: ["Change an inactive gift type, or delete one with Tencent's `del_gift`"],
  gifts_switched_off: ["Close the gift sheet"],
  gift_to_oneself: ["Hide gifts and superlikes from the host"],
  moment_not_found: ["Check the id; list the moments of the stream"],
  moment_over: ["Stop showing it as open; its result comes as `moment.ended`"],
  not_a_poll: ["Offer voting only for polls"],
  too_many_moments: ["End or cancel one of the open moments first"],
  gift_not_found: ["Check the id; list the gifts of the stream"],
  refund_not_yours: ["Ask an admin to refund it"],
  refund_not_covered: [
    "Ask an admin to refund it; the host will owe the rest. If a receiver has deleted their account, top up the sender's wallet instead",
  ],
  gift_already_refunded: ["Treat it as done"],
  credits_too_low: ["Offer to buy credits; nothing was charged"],
  spend_limit_reached: ["Show that the daily limit is reached until midnight UTC"],
  price_too_high: ["Send fewer at once"],
  price_changed: ["Show the new price and ask for confirmation"],
  reference_exists: ["Treat it as done: this `reference` was booked earlier"],
  balance_too_high: ["Ask the user to spend credits, or pay some out"],
  transfer_to_oneself: ["Choose another recipient"],
  package_not_found: ["Reload the packages"],

  parked_not_found: ["Reload the list; another admin may have processed it"],
  parked_unfit: ["Fix what `errors` names, then redrive again"],

  notification_not_found: ["Remove it from the view"],
  notification_not_yours: ["Send from your back end, with the role `service`"],

  picture_not_found: ["Show the default picture"],
  device_not_found: ["Treat it as done"],

  ban_exists: ["Treat it as done; lift the ban first to change it"],
  ban_lifted: ["Treat it as done"],
  ban_not_found: ["Reload the bans"],
  ban_of_host: ["Do not offer to ban the host"],

  too_many_streams: ["Unsubscribe from one, or open another socket"],

  overlay_key_not_found: ["Treat it as deleted"],
  too_many_overlay_keys: ["Offer to delete one"],
  stream_not_granted: ["Open a socket with a token for other streams"],
  overlay_reads_only: ["Use a token for everything else"],

  account_in_use: [
    "Do what `errors` names first: end streams, settle debts, spend the credits or forfeit them",
    "The account has credits, a debt, a live stream or contributions to a planned stream",
  ],
  follow_oneself: ["Hide the button on the user's own profile"],
  username_not_found: ["Show that this name does not exist"],
  username_changed_lately: ["Show when it can be changed"],
  username_reserved: ["Ask for another name"],
  username_taken: ["Ask for another name"],

  command_unknown: ["Check the command's spelling"],
  app_id_missing: ["Add `sdkappid` to the query"],
  app_id_invalid: ["Send `sdkappid` as digits"],
  app_unknown: ["Use the stage's `tencent.sdkAppId`"],
  signature_unreadable: ["Create `usersig` with Tencent's library"],
  signature_of_other_app: ["Create `usersig` for this `sdkappid`"],
  signature_of_other_account: ["Create `usersig` for this `identifier`"],
  signature_wrong: ["Create `usersig` with the stage's secret key"],
  signature_expired: ["Create a new `usersig` before the old one expires"],
  administrator_required: ["Call as an administrator of the stage"],
  command_too_frequent: ["Wait for a second, then retry"],
  body_unreadable: ["Send a JSON object"],
  room_not_found: ["Create the room first, or check `RoomId`"],
  messages_disabled: ["Disable the input"],
  room_exists: ["Choose another `RoomId`"],
  room_exists_with_owner: ["Treat it as done"],
  metadata_too_large: [
    "Keep fewer or shorter values",
    "The room has too many keys, or a key is too long; `ErrorInfo` has the limit",
  ],
  category_not_found: ["Add the category first"],
  too_many_categories: ["Delete one first"],
  too_many_relations: ["Remove gifts from the category first"],
  callbacks_exist: ["Call `update_callback`"],
  callbacks_not_found: ["Call `set_callback`"],
  gift_callback_failed: ["Retry with the same key; check your callback's deliveries"],
  callback_key_wrong: ["Enter the stage's callback address again, with its key"],
  gift_rejected: ["Show the reason that your callback gave"],

  webhook_not_found: ["Treat it as deleted"],
  rotated_too_often: ["Rotate it tomorrow; if a secret has leaked, create another webhook"],
  too_many_webhooks: ["Delete one first"],
  webhook_disabled: ["Enable it, then retry"],
  delivery_not_found: ["Reload the deliveries; they are kept for seven days"],
  delivery_not_resendable: ["Do nothing: the gift was not sent"],
  text_not_found: ["Set a text in that language, or request another one"],
  text_name_missing: ["Send the name with the first text of a language"],
};
