import * as z from "zod";
import { shownText, Timestamp, text, utf8Bytes } from "../text.ts";

/** The largest number of devices of one user; a new device replaces the oldest. */
export const devicesMax = 50;

/** The token that identifies a device to a push service. */
export const DeviceToken = text(1, 4096)
  .refine((token) => utf8Bytes(token) <= 4096, "expected at most 4096 bytes")
  .meta({ description: "At most 4096 bytes of UTF-8" });

/** A device as its app registers it. A null token leaves the stored one unchanged. */
export const NewDevice = z
  .object({
    token: DeviceToken.nullish(),
    platform: z
      .enum(["ios", "android", "web"], { error: "expected ios, android or web" })
      .optional(),
    deviceId: text(1, 200).nullish().meta({ description: "Required without a `token`" }),
    timezone: text(1, 100).nullish(),
    liveActivityPushToStartToken: DeviceToken.nullish(),
  })
  .refine(({ token, deviceId }) => token != null || deviceId != null, {
    error: "deviceId: required where token is null",
  });
export type NewDevice = z.infer<typeof NewDevice>;

/** What identifies a device: its id, or its token if it has none. */
export const deviceNameOf = ({ deviceId, token }: NewDevice) => deviceId ?? token ?? "";

/** A device as a back end reads it; fields that the app never sent are null. */
export const Device = z
  .object({
    token: shownText(4096).nullable(),
    platform: z.enum(["ios", "android", "web"]).nullable(),
    deviceId: shownText(200).nullable(),
    timezone: shownText(100).nullable(),
    liveActivityPushToStartToken: shownText(4096).nullable(),
    updatedAt: Timestamp,
  })
  .meta({ id: "Device" });
