import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Device } from "../../../domain/people/device.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listDevices } from "../../../platform/store/people/devices.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

/** For a back end that sends push notifications; Ovation only stores the tokens. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/{userId}/devices",
    summary: "List a user's devices with their push tokens, most recently saved first",
    tag: "Users",
    caller: "service",
    path: z.object({ userId: UserId }),
    answer: [200, rowsOf(Device)],
    cost: { read: 120, kilobytes: 470 },
    refusals: ["user_not_found"],
    grants: { read: ["USER"] },
  },
  async ({ path: { userId } }) => {
    const [, devices] = await Promise.all([getProfile(userId), listDevices(userId)]);
    return devices.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  },
);
