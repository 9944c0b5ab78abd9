import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { openClient } from "../aws/aws-client.ts";
import { type SettingName, setting } from "../runtime/env.ts";
import { lazy } from "../runtime/init.ts";

/** How long a key is used before it is read again. */
const lifeMilliseconds = 5 * 60_000;
/** The least time between two readings because of a key that did not fit. */
const rereadMilliseconds = 60_000;

const client = lazy(() => openClient(SecretsManagerClient));

/** A key that lies in Secrets Manager. */
type StoredKey = {
  /** The key as text; kept in memory for five minutes. */
  get(now: Date): Promise<string>;
  /**
   * Reads the key once more, for something that did not fit it: it may have just been changed.
   * Undefined when it was read within the last minute, so that bad callers cannot cost much.
   */
  reread(now: Date): Promise<string | undefined>;
};

/** The key in the secret that a setting names. */
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
    held !== undefined && now.getTime() - held.readAt < age;
  return {
    get: async (now) => (isYounger(lifeMilliseconds, now) ? held!.value : read(now)),
    reread: async (now) => (isYounger(rereadMilliseconds, now) ? undefined : read(now)),
  };
}

const applicationKey = storedKey("TENCENT_SECRET_ARN");

/** The secret key of the Tencent application, with which its back ends sign. */
export const getSecretKey = applicationKey.get;

/** The same, read once more for a signature that did not verify. */
export const rereadSecretKey = applicationKey.reread;

/** The key in the address of callbacks from Tencent. */
export const callbackKey = storedKey("CALLBACK_SECRET_ARN");
