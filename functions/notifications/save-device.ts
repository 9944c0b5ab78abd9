import * as z from "zod";
import { NewDevice } from "../../domain/people/device.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { saveDevice } from "../../platform/store/people/devices.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/notifications/device-token",
    says: "Register a device for push notifications, or renew what is known of it",
    tag: "Notifications",
    caller: "user",
    shape: "envelope",
    body: NewDevice,
    answer: [200, z.object({ success: z.literal(true) })],
    refusals: [],
    grants: { read: ["USER"], write: ["USER"] },
  },
  async ({ body, caller, now }) => {
    await saveDevice(caller.userId, body, now);
    return { success: true as const };
  },
);
