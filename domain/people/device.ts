import * as z from "zod";
import { shownText, Timestamp, text, utf8Bytes } from "../text.ts";

/** Devices that one user may have; the oldest gives way to the newest. */
export const devicesMax = 50;

/** The token under which a push service knows a device. */
export const DeviceToken = text(1, 4096).refine(
  (token) => utf8Bytes(token) <= 4096,
  "expected at most 4096 bytes",
);

/** What an app says about its device. A null token leaves the known one as it is. */
export const NewDevice = z
  .object({
    token: DeviceToken.nullish(),
    platform: z
      .enum(["ios", "android", "web"], { error: "expected ios, android or web" })
      .optional(),
    deviceId: text(1, 200).nullish(),
    timezone: text(1, 100).nullish(),
    liveActivityPushToStartToken: DeviceToken.nullish(),
  })
  .refine(({ token, deviceId }) => token != null || deviceId != null, {
    error: "deviceId: required where token is null",
  });
export type NewDevice = z.infer<typeof NewDevice>;

/** What tells a device apart: its id, or its token where it has none. */
export const deviceNameOf = ({ deviceId, token }: NewDevice) => deviceId ?? token ?? "";

/** A device as a back end reads it; what the app never said is null. */
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
