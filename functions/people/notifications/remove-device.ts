import * as z from "zod";
import { DeviceToken } from "../../../domain/people/device.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { removeDevice } from "../../../platform/store/people/devices.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/notifications/device-token/{token}",
    summary: "Delete one of my push devices",
    tag: "Notifications",
    caller: "user",
    path: z.object({
      token: DeviceToken.meta({
        description: "The push token",
        example: "fMEqXn0xQ7a:APA91bHun4MxP5egoKMwt2KZ",
      }),
    }),
    answer: [204, z.void()],
    cost: { read: 130, write: 650 },
    refusals: ["device_not_found"],
    grants: { read: ["USER"], write: ["USER", "PUSH"] },
  },
  async ({ path, caller }) => removeDevice(caller.userId, path.token),
);
