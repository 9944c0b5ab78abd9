import { createHash } from "node:crypto";
import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Device, deviceNameOf, devicesMax, type NewDevice } from "../../../domain/people/device.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Timestamp } from "../../../domain/text.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { deleteIf, getItem, type Item, isAbsent, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";

const { token, platform, deviceId, timezone, liveActivityPushToStartToken } = Device.shape;

/** A device as stored; fields that its app never sent are absent. */
const Stored = z.object({
  SK: z.string(),
  token: token.default(null),
  platform: platform.default(null),
  deviceId: deviceId.default(null),
  timezone: timezone.default(null),
  liveActivityPushToStartToken: liveActivityPushToStartToken.default(null),
  updatedAt: Timestamp,
});

/** Device names are free text, so the key contains their hash. */
const hashOf = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 32);

/**
 * The fields that identify a device to push services. Each value belongs to one device at a time.
 */
const tokenFields = ["token", "liveActivityPushToStartToken"] as const;
type TokenField = (typeof tokenFields)[number];

/**
 * The device that has a token: a user who signs in on another user's phone takes its token over.
 */
const Claim = z.object({ userId: UserId, device: z.string() });
type Claim = z.infer<typeof Claim>;
const claimKey = (field: TokenField, token: string) => key.pushToken(hashOf(`${field} ${token}`));

/**
 * Saves a device's fields, with the reply; omitted and null fields stay unchanged. A token that
 * belonged to another device is removed there.
 */
export async function saveDevice(
  userId: string,
  device: NewDevice,
  now: Date,
  reply?: Reply<unknown>,
): Promise<void> {
  const Key = key.device(userId, hashOf(deviceNameOf(device)));
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
  const others = await retryOnConflict(async () => {
    const devices = await listStored(userId);
    const was = devices.find(({ SK }) => SK === Key.SK);
    const moves = await movesOf({ userId, device: Key.SK }, was, device);
    const failed = await commitTransaction([{ Update }, ...moves], reply);
    return failed === undefined ? devices.filter((one) => one !== was) : conflicted;
  });
  const oldest = others.sort((a, b) => a.updatedAt.localeCompare(b.updatedAt));
  for (const one of oldest.slice(0, Math.max(0, others.length + 1 - devicesMax)))
    await forgetDevice(userId, one);
}

/** Assigns a device's tokens to it, and removes them from the devices that had them. */
async function movesOf(
  to: Claim,
  was: Pick<z.infer<typeof Stored>, TokenField> | undefined,
  says: NewDevice,
): Promise<Action[]> {
  const actions: Action[] = [];
  const taken = new Map<string, { holder: Claim; fields: [TokenField, string][] }>();
  for (const field of tokenFields) {
    const [token, before] = [says[field] ?? null, was?.[field] ?? null];
    if (token === null) continue;
    if (before !== null && before !== token)
      actions.push(...(await releaseActions(to, field, before)));
    const Key = claimKey(field, token);
    const holder = await getItem(Claim, Key, { consistent: true });
    if (holder !== undefined && isSame(holder, to)) continue;
    const condition = holder === undefined ? isAbsent : heldBy(holder);
    actions.push({ Put: { Item: { ...Key, ...to }, ...condition } });
    if (holder === undefined) continue;
    const name = `${holder.userId} ${holder.device}`;
    const fields = taken.get(name)?.fields ?? [];
    taken.set(name, { holder, fields: [...fields, [field, token]] });
  }
  for (const { holder, fields } of taken.values())
    actions.push(...(await takeActions(holder, fields)));
  return actions;
}

const isSame = (one: Claim, other: Claim) =>
  one.userId === other.userId && one.device === other.device;

const heldBy = ({ userId, device }: Claim) => ({
  ConditionExpression: "userId = :holder AND device = :device",
  ExpressionAttributeValues: { ":holder": userId, ":device": device },
});

/** Releases a token that its device has replaced; another device may have it by now. */
async function releaseActions(holder: Claim, field: TokenField, token: string): Promise<Action[]> {
  const Key = claimKey(field, token);
  const there = await getItem(Claim, Key, { consistent: true });
  const isOwn = there !== undefined && isSame(there, holder);
  return isOwn ? [{ Delete: { Key, ...heldBy(holder) } }] : [];
}

/** Removes tokens from the device that had them, if it still has them. */
async function takeActions(
  { userId, device }: Claim,
  fields: readonly [TokenField, string][],
): Promise<Action[]> {
  const Key = { PK: key.device(userId, "").PK, SK: device };
  const item = await getItem(Stored, Key, { consistent: true });
  const lost = fields.filter(([field, token]) => item?.[field] === token);
  if (lost.length === 0) return [];
  const isStill = lost.map(([field]) => `#${field} = :${field}`).join(" AND ");
  return [
    {
      Update: {
        Key,
        UpdateExpression: `REMOVE ${lost.map(([field]) => `#${field}`).join(", ")}`,
        ConditionExpression: isStill,
        ExpressionAttributeNames: Object.fromEntries(lost.map(([field]) => [`#${field}`, field])),
        ExpressionAttributeValues: Object.fromEntries(
          lost.map(([field, token]) => [`:${field}`, token]),
        ),
      },
    },
  ];
}

/**
 * Removes a device, and its claims to its tokens. Returns false if it was saved again since it was
 * read, or is removed already.
 */
async function forgetDevice(userId: string, device: z.infer<typeof Stored>): Promise<boolean> {
  const { SK, updatedAt } = device;
  const Key = { PK: key.device(userId, "").PK, SK };
  const removed = await deleteIf(Key, {
    ConditionExpression: "updatedAt = :was",
    ExpressionAttributeValues: { ":was": updatedAt },
  });
  if (removed === undefined) return false;
  await forgetTokens(userId, removed);
  return true;
}

/** Releases the tokens of a device that is erased. */
export async function forgetTokens(userId: string, item: Item): Promise<void> {
  const device = parseItem(Stored, item);
  for (const field of tokenFields)
    if (device[field] !== null)
      await deleteIf(claimKey(field, device[field]), heldBy({ userId, device: device.SK }));
}

/** Removes the user's devices with this token; refuses with `device_not_found`. */
export async function removeDevice(userId: string, token: string): Promise<void> {
  let isFound = false;
  await retryOnConflict(async () => {
    const devices = await listStored(userId);
    const matches = devices.filter((device) => device.token === token);
    isFound ||= matches.length > 0;
    if (!isFound) refuse("device_not_found");
    for (const device of matches) if (!(await forgetDevice(userId, device))) return conflicted;
    return undefined;
  });
}

/** A user's devices, read consistently. */
export const listDevices = async (userId: string): Promise<z.infer<typeof Device>[]> =>
  (await listStored(userId)).map(({ SK: _, ...device }) => device);

async function listStored(userId: string) {
  const walk = { limit: devicesMax * 2, consistent: true };
  const items = await queryItems(key.device(userId, ""), prefix.devices, walk);
  return items.map((item) => parseItem(Stored, item));
}
