import * as z from "zod";
import { userIdPattern } from "../id.ts";
import { byteText } from "../text.ts";

/** The longest RoomId, in UTF-8 bytes. */
const roomIdBytesMax = 48;

/** The name of a room in the Tencent API: an alias of a stream, or a stream's own id. */
export const RoomId = byteText(1, roomIdBytesMax).meta({ example: "room_id" });

/** An account in the Tencent API; accounts and user ids are one namespace. */
export const Account = z
  .string({ error: "expected an account: 1 to 64 of A-Z a-z 0-9 _ -" })
  .regex(userIdPattern, "expected an account: 1 to 64 of A-Z a-z 0-9 _ -")
  .meta({ example: "user1" });

/** A list of distinct accounts, at least one and at most `max`. */
export const accounts = (max: number) =>
  z
    .array(Account, { error: "expected an array of accounts" })
    .min(1, "expected at least one account")
    .max(max, `expected at most ${max} accounts`)
    .refine((list) => new Set(list).size === list.length, "expected each account once")
    .meta({ uniqueItems: true });
