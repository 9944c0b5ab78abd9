import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { openClient } from "../aws/aws-client.ts";
import { isRecent, lazy } from "../runtime/caches.ts";
import { type SettingName, setting } from "../runtime/env.ts";

/** How long a key is cached. */
const lifeMilliseconds = 5 * 60_000;
/** The shortest time between two reads because of a key that did not match. */
const rereadMilliseconds = 60_000;

const client = lazy(() => openClient(SecretsManagerClient));

/** A key stored in Secrets Manager. */
type StoredKey = {
  /** The key as text, cached for five minutes. */
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
  async function read(now: Date): Promise<string> {
    const SecretId = setting(name);
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId }));
    if (!SecretString) throw new Error(`The secret of ${name} is empty`);
    held = { value: String(SecretString), readAt: now.getTime() };
    return held.value;
  }
  const isYounger = (age: number, now: Date) =>
    held !== undefined && isRecent(held.readAt, now.getTime(), age);
  return {
    get: async (now) => (isYounger(lifeMilliseconds, now) ? held!.value : read(now)),
    reread: async (now) => (isYounger(rereadMilliseconds, now) ? undefined : read(now)),
  };
}

const applicationKey = storedKey("TENCENT_SECRET_ARN");

/** The secret key of the Tencent application, which its back ends sign with. */
export const getSecretKey = applicationKey.get;

/** The application's key, read again after a signature did not verify. */
export const rereadSecretKey = applicationKey.reread;

/** The key in the URL of callbacks from Tencent. */
export const callbackKey = storedKey("CALLBACK_SECRET_ARN");
