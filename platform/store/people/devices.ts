import { createHash } from "node:crypto";
import * as z from "zod";
import { Device, deviceNameOf, devicesMax, type NewDevice } from "../../../domain/people/device.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Timestamp } from "../../../domain/text.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { commitTransaction, type Reply } from "../../table/record.ts";
import { read } from "../../table/table.ts";

const { token, platform, deviceId, timezone, liveActivityPushToStartToken } = Device.shape;

/** A device as it is stored: what its app never said is missing. */
const Stored = z.object({
  SK: z.string(),
  token: token.default(null),
  platform: platform.default(null),
  deviceId: deviceId.default(null),
  timezone: timezone.default(null),
  liveActivityPushToStartToken: liveActivityPushToStartToken.default(null),
  updatedAt: Timestamp,
});

/** Names of devices are free text, so the key carries their hash. */
const hashOf = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 32);

/**
 * Saves what a device says about itself, with the reply; what it leaves out or says is null stays
 * as it was.
 */
export async function saveDevice(
  userId: string,
  device: NewDevice,
  now: Date,
  reply?: Reply<unknown>,
): Promise<void> {
  const Key = key.device(userId, hashOf(deviceNameOf(device)));
  const devices = await listStored(userId);
  const entries = Object.entries({ ...device, updatedAt: now.toISOString() });
  const fields = entries.filter(([, value]) => value != null);
  const Update = {
    Key,
    UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(
      fields.map(([name, value]) => [`:${name}`, value]),
    ),
  };
  await commitTransaction([{ Update }], reply);
  const others = devices.filter(({ SK }) => SK !== Key.SK);
  const oldest = others.sort((a, b) => a.updatedAt.localeCompare(b.updatedAt));
  for (const { SK } of oldest.slice(0, Math.max(0, others.length + 1 - devicesMax)))
    await commitTransaction([{ Delete: { Key: { PK: Key.PK, SK } } }]);
}

/** Removes the user's devices with this token; refuses with `device_not_found`. */
export async function removeDevice(userId: string, token: string): Promise<void> {
  const devices = await listStored(userId);
  const matches = devices.filter((device) => device.token === token);
  if (matches.length === 0) refuse("device_not_found");
  const { PK } = key.device(userId, "");
  for (const { SK } of matches) await commitTransaction([{ Delete: { Key: { PK, SK } } }]);
}

/** A user's devices, read consistently. */
export const listDevices = async (userId: string): Promise<z.infer<typeof Device>[]> =>
  (await listStored(userId)).map(({ SK: _, ...device }) => device);

async function listStored(userId: string) {
  const walk = { limit: devicesMax * 2, consistent: true };
  const items = await queryItems(key.device(userId, ""), prefix.devices, walk);
  return items.map((item) => read(Stored, item));
}
