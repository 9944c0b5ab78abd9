import type * as z from "zod";
import type { RefusalCode } from "../../domain/refusal.ts";
import type { Grants, Resources } from "../lambda/grants.ts";

/** The contract of one command of the Tencent API: `POST /v4/{service}/{command}`. */
export type CommandContract = {
  kind: "command";
  /** A command such as `live_engine_http_srv/send_gift`; `*` handles unknown ones. */
  command: `${string}/${string}` | "*";
  summary: string;
  /** The body; names and values are case-sensitive. */
  body?: z.ZodType;
  /** The fields added to the common response of a success. */
  answer?: z.ZodObject;
  /** Every refusal beyond those that any command can meet (application, UserSig, body). */
  refusals?: readonly RefusalCode[];
  /** Calls a second of one sdkappid: 1 enforced by `command`; default: 200 by the gateway. */
  callsPerSecond?: 1;
  /** True: the command takes an Idempotency-Key. */
  idempotencyKey?: true;
  grants: Grants;
} & Resources;

/** Refusals that any command can meet, so no contract lists them. */
export const commonCodes: readonly RefusalCode[] = [
  "app_id_missing",
  "app_id_invalid",
  "app_unknown",
  "signature_unreadable",
  "signature_of_other_app",
  "signature_of_other_account",
  "signature_wrong",
  "signature_expired",
  "administrator_required",
  "command_too_frequent",
  "body_too_large",
  "body_unreadable",
  "request_invalid",
  "key_reused",
  "key_in_progress",
  "too_many_requests",
  "unavailable",
];

/** Refusals that any callback can meet. */
export const commonCallbackCodes: readonly RefusalCode[] = [
  "app_unknown",
  "callback_key_wrong",
  "body_too_large",
  "body_unreadable",
  "command_unknown",
  "request_invalid",
  "too_many_requests",
  "unavailable",
];

/** The code of a callback's response when the gateway generates it. */
export { otherReason } from "../../domain/tencent/incoming-callback.ts";

/** The contract of the only URL to which Tencent's engine sends its callbacks. */
export type ReceiverContract = {
  kind: "receiver";
  /** The path below the API's stage: `/callback` of `/tencent/callback`. */
  path: `/${string}`;
  summary: string;
  /** The accepted callbacks by name, with their bodies. */
  takes: Readonly<Record<string, z.ZodType>>;
  /** Every refusal beyond those that any callback can meet (application, key, body). */
  refusals: readonly RefusalCode[];
  grants: Grants;
} & Resources;
