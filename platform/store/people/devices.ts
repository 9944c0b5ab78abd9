import { createHash } from "node:crypto";
import * as z from "zod";
import { deviceNameOf, devicesMax, type NewDevice } from "../../../domain/people/device.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Timestamp } from "../../../domain/text.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { record } from "../../table/record.ts";
import { read } from "../../table/table.ts";

const Device = z.object({ SK: z.string(), token: z.string().optional(), updatedAt: Timestamp });

/** Names of devices are free text, so the key carries their hash. */
const hashOf = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 32);

/** Saves what a device says about itself; what it leaves out or says is null stays as it was. */
export async function saveDevice(userId: string, device: NewDevice, now: Date): Promise<void> {
  const Key = key.device(userId, hashOf(deviceNameOf(device)));
  const devices = await listDevices(userId);
  const entries = Object.entries({ ...device, updatedAt: now.toISOString() });
  const fields = entries.filter(([, value]) => value != null);
  await record([
    {
      Update: {
        Key,
        UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(", ")}`,
        ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          fields.map(([name, value]) => [`:${name}`, value]),
        ),
      },
    },
  ]);
  const others = devices.filter(({ SK }) => SK !== Key.SK);
  const oldest = others.sort((a, b) => a.updatedAt.localeCompare(b.updatedAt));
  for (const { SK } of oldest.slice(0, Math.max(0, others.length + 1 - devicesMax)))
    await record([{ Delete: { Key: { PK: Key.PK, SK } } }]);
}

/** Removes the user's devices with this token; refuses with `device_not_found`. */
export async function removeDevice(userId: string, token: string): Promise<void> {
  const devices = await listDevices(userId);
  const matches = devices.filter((device) => device.token === token);
  if (matches.length === 0) refuse("device_not_found");
  const { PK } = key.device(userId, "");
  for (const { SK } of matches) await record([{ Delete: { Key: { PK, SK } } }]);
}

async function listDevices(userId: string) {
  const walk = { limit: devicesMax * 2, consistent: true };
  const items = await queryItems(key.device(userId, ""), prefix.devices, walk);
  return items.map((item) => read(Device, item));
}
