import type { RefusalCode } from "../domain/refusal.ts";

/**
 * What a client does about each refusal, for docs/errors.md; a refusal without an entry does not
 * compile. With a second sentence what the code means, where the answer's own words depend on the
 * request. Tencent's side reads it as what the calling server does.
 */
export const adviceOf: Record<RefusalCode, readonly [does: string, means?: string]> = {
  request_invalid: [
    "Mend what `errors` names; the same request fails again",
    "A field, parameter or header is not as described; each sentence of `errors` names one",
  ],
  token_invalid: [
    "Get a fresh token and call once more; then have the person sign in",
    "No token, or one that has expired, was revoked, or is of another issuer or audience",
  ],
  role_missing: ["Hide what leads here; call from your back end with a token of that role"],
  route_not_found: ["Compare method and path with the reference"],
  body_too_large: ["Send less; a page of the list, a smaller picture"],
  media_type_unsupported: [
    "Send the `content-type` that the operation describes",
    "The body is of another type than the operation takes",
  ],
  key_reused: [
    "Use a new `Idempotency-Key` for each new intention",
    "The key stands for another request of the last 24 hours",
  ],
  key_in_progress: ["Wait for `Retry-After`, then repeat with the same key"],
  too_many_requests: [
    "Wait for `Retry-After`, then repeat",
    "Faster than [the rate of this kind of call](abuse.md)",
  ],
  unavailable: [
    "Wait for `Retry-After`, then repeat with the same `Idempotency-Key`",
    "Something that Ovation stands on did not answer; it may be that the call was carried out",
  ],

  sign_in_failed: ["Begin the sign-in anew: a code is good once, and not for long"],
  sign_in_unavailable: ["Take a pasted token: [identity](identity.md)"],

  user_not_found: ["Show that the account is gone; of a back end: look at the id"],
  stream_not_found: ["Leave the stream's page and read the list anew"],
  stream_not_live: ["Close what needs a live stream; show its end"],
  stream_not_yours: ["Hide what only the host may do"],
  stream_not_startable: ["Read the stream anew; create another one to go live"],
  too_many_live_streams: ["Offer to end one of those that are live"],
  stream_not_cancellable: ["Read the stream anew; a live one is ended instead"],
  stream_not_scheduled: ["Hide the reminder"],
  not_a_guest: ["Ask the host for an invitation, or join as a viewer"],
  stream_live: ["End the stream, then delete it"],
  not_a_moderator: ["Hide the tools of moderation"],

  member_blocked: ["Leave the stream; say that it is closed to this person"],
  member_muted: ["Switch the input off, keep what was written"],
  message_not_found: ["Remove the message from the view"],
  word_blocked: ["Let the person change the text"],
  followers_only: ["Offer to follow the host"],
  slow_mode: ["Count down `Retry-After` on the button, keep the text"],

  gift_type_not_found: ["Read the gift types anew"],
  gift_type_inactive: ["Take it out of the gift sheet"],
  gift_type_exists: ["Choose another `giftId`, or change the type that has it"],
  gifts_switched_off: ["Close the gift sheet"],
  gift_to_oneself: ["Hide gifts and superlikes from the host"],
  gift_not_found: ["Look at the id; gifts of a stream are listed"],
  refund_not_yours: ["Leave it to an admin"],
  refund_not_covered: ["Leave it to an admin, whose refund the host owes"],
  gift_already_refunded: ["Take it as done"],
  credits_too_low: ["Offer credits; what was asked for was not done"],
  spend_limit_reached: ["Say that the day's limit is reached, and that it ends at midnight UTC"],
  price_too_high: ["Send fewer at once"],
  price_changed: ["Show the new price and ask again"],
  reference_exists: ["Take it as done: it was booked under this `reference` before"],
  balance_too_high: ["Have credits spent or paid out first"],
  transfer_to_oneself: ["Choose another recipient"],
  package_not_found: ["Read the packages anew"],

  parked_not_found: ["Read the list anew; somebody was faster"],
  parked_unfit: ["Mend what `errors` names, then bring it back once more"],

  notification_not_found: ["Remove it from the view"],
  notification_not_yours: ["Send from your back end, with the role `service`"],

  picture_not_found: ["Show the default picture"],
  device_not_found: ["Take it as done"],

  ban_exists: ["Take it as done; change the ban by lifting it first"],
  ban_lifted: ["Take it as done"],
  ban_not_found: ["Read the bans anew"],
  ban_of_host: ["Hide bans of the host"],

  too_many_streams: ["Unsubscribe from one, or open another socket"],

  overlay_key_not_found: ["Take it as deleted"],
  too_many_overlay_keys: ["Offer to delete one"],
  stream_not_granted: ["Open a socket with a token for other streams"],
  overlay_reads_only: ["Use a token for everything else"],

  account_in_use: [
    "Do what `errors` names first: end streams, have debts settled",
    "The account has a live stream, credits on their way or a debt",
  ],
  follow_oneself: ["Hide the button from oneself"],
  username_not_found: ["Show that nobody has this name"],
  username_changed_lately: ["Say from when on it can be changed"],
  username_reserved: ["Have another name chosen"],
  username_taken: ["Have another name chosen"],

  command_unknown: ["Look at the command's spelling"],
  app_id_missing: ["Add `sdkappid` to the query"],
  app_id_invalid: ["Send `sdkappid` as digits"],
  app_unknown: ["Use the stage's `tencent.sdkAppId`"],
  signature_unreadable: ["Make `usersig` anew by Tencent's own library"],
  signature_of_other_app: ["Make `usersig` for this `sdkappid`"],
  signature_of_other_account: ["Make `usersig` for this `identifier`"],
  signature_wrong: ["Make `usersig` with the stage's secret key"],
  signature_expired: ["Make `usersig` anew, and in time"],
  administrator_required: ["Call as an administrator of the stage"],
  command_too_frequent: ["Wait for a second, then repeat"],
  body_unreadable: ["Send a JSON object"],
  room_not_found: ["Create the room first, or look at `RoomId`"],
  messages_disabled: ["Switch the input off"],
  room_exists: ["Choose another `RoomId`"],
  room_exists_with_owner: ["Take it as done"],
  metadata_too_large: [
    "Keep fewer or shorter values",
    "More keys, or longer ones, than a room can have; `ErrorInfo` has the limit",
  ],
  category_not_found: ["Add the category first"],
  too_many_categories: ["Delete one first"],
  too_many_relations: ["Take gifts out of the category first"],
  callbacks_exist: ["Call `update_callback`"],
  callbacks_not_found: ["Call `set_callback`"],
  gift_callback_failed: ["Repeat with the same key; look at your callback's deliveries"],
  callback_key_wrong: ["Enter the stage's callback address anew, with its key"],
  gift_rejected: ["Show what your own callback said"],

  webhook_not_found: ["Take it as deleted"],
  too_many_webhooks: ["Delete one first"],
  webhook_disabled: ["Enable it, then repeat"],
  delivery_not_found: ["Read the deliveries anew; they are kept for seven days"],
  delivery_not_resendable: ["Leave it: its gift was not sent"],
  text_not_found: ["Set a text in that language, or ask for another one"],
  text_name_missing: ["Send the name with the first text of a language"],
};
