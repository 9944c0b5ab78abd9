import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { openClient } from "../aws/aws-client.ts";
import { isRecent, lazy } from "../runtime/caches.ts";
import { millisecondsLeft } from "../runtime/deadline.ts";
import { type SettingName, setting } from "../runtime/env.ts";
import { logNotice } from "../runtime/log.ts";
import { isTransient } from "../table/conflicts.ts";

/** How long a key is cached. */
const lifeMilliseconds = 5 * 60_000;
/** How long it is used while Secrets Manager fails, and the time between two tries meanwhile. */
const outageMilliseconds = 60 * 60_000;
const retryMilliseconds = 60_000;
/** The shortest time between two reads because of a key that did not match. */
const rereadMilliseconds = 60_000;

const client = lazy(() => openClient(SecretsManagerClient));

/** A key stored in Secrets Manager. */
type StoredKey = {
  /**
   * The key as text, cached for five minutes; for an hour while Secrets Manager does not respond or
   * fails, which then delays one call a minute.
   */
  get(now: Date): Promise<string>;
  /**
   * Reads the key again after a mismatch, since it may have just changed. Undefined if it was read
   * within the last minute, so that invalid callers cannot cause many reads.
   */
  reread(now: Date): Promise<string | undefined>;
};

/** The key in the secret named by a setting. */
function storedKey(name: SettingName & `${string}_SECRET_ARN`): StoredKey {
  let held: { value: string; readAt: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  async function read(now: Date): Promise<string> {
    const SecretId = setting(name);
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId }));
    if (!SecretString) throw new Error(`The secret of ${name} is empty`);
    held = { value: String(SecretString), readAt: now.getTime() };
    return held.value;
  }
  const heldFor = (milliseconds: number, now: Date) =>
    held && isRecent(held.readAt, now.getTime(), milliseconds) ? held.value : undefined;
  async function renew(now: Date): Promise<string> {
    const old = heldFor(outageMilliseconds, now);
    if (old !== undefined && isRecent(failedAt, now.getTime(), retryMilliseconds)) return old;
    // A call without time left reads nothing, so its failure says nothing about Secrets Manager.
    const hasTime = millisecondsLeft() > 0;
    try {
      return await read(now);
    } catch (error) {
      if (old === undefined || !hasTime || !isTransient(error)) throw error;
      failedAt = now.getTime();
      logNotice("A secret could not be read again", { setting: name, reason: String(error) });
      return old;
    }
  }
  return {
    get: async (now) => heldFor(lifeMilliseconds, now) ?? renew(now),
    reread: async (now) => (heldFor(rereadMilliseconds, now) === undefined ? read(now) : undefined),
  };
}

const applicationKey = storedKey("TENCENT_SECRET_ARN");

/** The secret key of the Tencent application, which its back ends sign with. */
export const getSecretKey = applicationKey.get;

/** The application's key, read again after a signature did not verify. */
export const rereadSecretKey = applicationKey.reread;

/** The key in the URL of callbacks from Tencent. */
export const callbackKey = storedKey("CALLBACK_SECRET_ARN");
