import { createHash } from "node:crypto";
import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Device, deviceNameOf, devicesMax, type NewDevice } from "../../../domain/people/device.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Timestamp } from "../../../domain/text.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, type Item, isAbsent, parseItem } from "../../table/items.ts";
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
type Stored = z.infer<typeof Stored>;

/** Device names are free text, so the key contains their hash. */
const hashOf = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 32);

/**
 * The fields that identify a device to push services. Each value belongs to one device at a time.
 */
const tokenFields = ["token", "liveActivityPushToStartToken"] as const;
type TokenField = (typeof tokenFields)[number];

/**
 * The one device that has a token: if a user signs in on another user's phone, the token moves to
 * that user's device.
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
    // A token that is replaced has a condition already: on the claim to it.
    const isRead = tokenFields.flatMap((field) => {
      if (device[field] == null) return [];
      if (was?.[field] == null) return `attribute_not_exists(#${field})`;
      return was[field] === device[field] ? `#${field} = :${field}` : [];
    });
    const ConditionExpression = isRead.join(" AND ");
    const own = isRead.length === 0 ? Update : { ...Update, ConditionExpression };
    const moves = await movesOf({ userId, device: Key.SK }, was, device);
    const failed = await commitTransaction([{ Update: own }, ...moves], reply);
    return failed === undefined ? devices.filter((one) => one !== was) : conflicted;
  });
  const oldest = others.sort((a, b) => a.updatedAt.localeCompare(b.updatedAt));
  for (const one of oldest.slice(0, Math.max(0, others.length + 1 - devicesMax)))
    await forgetDevice(userId, one);
}

/** Assigns a device's tokens to it, and removes them from the devices that had them. */
async function movesOf(to: Claim, was: Stored | undefined, says: NewDevice): Promise<Action[]> {
  const actions: Action[] = [];
  const taken = new Map<string, { holder: Claim; tokens: Map<TokenField, string> }>();
  for (const field of tokenFields) {
    const [token, before] = [says[field] ?? null, was?.[field] ?? null];
    if (token === null) continue;
    if (before !== null && before !== token)
      actions.push(...(await releaseActions(to, field, before)));
    const Key = claimKey(field, token);
    const holder = await getItem(Claim, Key, { consistent: true });
    const isOwn = holder !== undefined && isSame(holder, to);
    // The condition on the device's own item is enough: a call that takes the claim to the token
    // also removes the token there.
    if (isOwn && before === token) continue;
    const condition = holder === undefined ? isAbsent : heldBy(holder);
    actions.push({ Put: { Item: { ...Key, ...to }, ...condition } });
    if (holder === undefined || isOwn) continue;
    const name = `${holder.userId} ${holder.device}`;
    const tokens = taken.get(name)?.tokens ?? new Map();
    taken.set(name, { holder, tokens: tokens.set(field, token) });
  }
  for (const { holder, tokens } of taken.values()) actions.push(await takeAction(holder, tokens));
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

/**
 * Removes tokens from the device that had them. A device that is left without a token and an id is
 * deleted: no call could name it.
 */
async function takeAction(
  { userId, device }: Claim,
  tokens: ReadonlyMap<TokenField, string>,
): Promise<Action> {
  const Key = placeOf(userId, device);
  const item = await getItem(Stored, Key, { consistent: true });
  if (item === undefined) return { ConditionCheck: { Key, ...isAbsent } };
  const isRead = asRead(item);
  const lost = tokenFields.filter(
    (field) => tokens.has(field) && item[field] === tokens.get(field),
  );
  if (lost.length === 0) return { ConditionCheck: { Key, ...isRead } };
  const left = tokenFields.filter((field) => item[field] !== null && !lost.includes(field));
  if (left.length === 0 && item.deviceId === null) return { Delete: { Key, ...isRead } };
  const UpdateExpression = `REMOVE ${lost.map((field) => `#${field}`).join(", ")}`;
  return { Update: { Key, UpdateExpression, ...isRead } };
}

const placeOf = (userId: string, SK: string) => ({ PK: key.device(userId, "").PK, SK });

/** The condition that a device was neither saved nor lost a token since it was read. */
function asRead(device: Stored) {
  const has = tokenFields.filter((field) => device[field] !== null);
  const lacks = tokenFields.filter((field) => device[field] === null);
  const terms = [
    "updatedAt = :was",
    ...has.map((field) => `#${field} = :${field}`),
    ...lacks.map((field) => `attribute_not_exists(#${field})`),
  ];
  return {
    ConditionExpression: terms.join(" AND "),
    ExpressionAttributeNames: Object.fromEntries(tokenFields.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ":was": device.updatedAt,
      ...Object.fromEntries(has.map((field) => [`:${field}`, device[field]])),
    },
  };
}

/**
 * Removes a device with its claims to its tokens. Returns false if it was saved again or has lost a
 * token since it was read, or is removed already.
 */
async function forgetDevice(userId: string, device: Stored): Promise<boolean> {
  const { SK } = device;
  const { ConditionExpression: isOwn, ...holder } = heldBy({ userId, device: SK });
  const claims = tokenFields.flatMap((field): Action[] => {
    const token = device[field];
    if (token === null) return [];
    const ConditionExpression = `attribute_not_exists(PK) OR (${isOwn})`;
    return [
      { label: field, Delete: { Key: claimKey(field, token), ConditionExpression, ...holder } },
    ];
  });
  const removal = { label: "device", Delete: { Key: placeOf(userId, SK), ...asRead(device) } };
  const failed = await commitTransaction([removal, ...claims]);
  if (failed === undefined || failed.has(removal.label)) return failed === undefined;
  // An earlier release left the token on two devices, and the claim to it belongs to the other one.
  const others = claims.filter(({ label = "" }) => !failed.has(label));
  return (await commitTransaction([removal, ...others])) === undefined;
}

/** Removes a device of a deleted user, unless it was saved after this time. */
export async function eraseDevice(userId: string, item: Item, at: string): Promise<void> {
  let device: Stored | undefined = parseItem(Stored, item);
  await retryOnConflict(async () => {
    if (device === undefined || device.updatedAt > at) return undefined;
    if (await forgetDevice(userId, device)) return undefined;
    device = await getItem(Stored, placeOf(userId, item.SK), { consistent: true });
    return conflicted;
  });
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
