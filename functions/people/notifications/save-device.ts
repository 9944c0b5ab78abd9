import * as z from "zod";
import { NewDevice } from "../../../domain/people/device.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { saveDevice } from "../../../platform/store/people/devices.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/notifications/device-token",
    summary: "Register or update a device for push notifications",
    tag: "Notifications",
    caller: "user",
    body: NewDevice,
    answer: [200, z.object({ success: z.literal(true) })],
    cost: { read: 150, write: 100, kilobytes: 1 },
    grants: { read: ["USER", "PUSH"], write: ["USER", "PUSH"] },
  },
  async ({ body, caller, now, idempotentReply }) => {
    const reply = idempotentReply({ success: true });
    await saveDevice(caller.userId, body, now, reply);
    return reply.answer;
  },
);
