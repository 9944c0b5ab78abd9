import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { openClient } from "../aws-client.ts";
import { setting } from "../env.ts";

/** How long a key is used before it is read again. */
const lifeMilliseconds = 5 * 60_000;
/** The least time between two readings because of a signature that did not verify. */
const rereadMilliseconds = 60_000;

let client: SecretsManagerClient | undefined;
let held: { secretKey: string; readAt: number } | undefined;

/** The secret key of the Tencent application, as text; kept in memory for five minutes. */
export async function getSecretKey(now: Date): Promise<string> {
  if (held !== undefined && now.getTime() - held.readAt < lifeMilliseconds) return held.secretKey;
  return readSecretKey(now);
}

/**
 * Reads the key once more, for a signature that did not verify: it may have just been changed.
 * Undefined when it was read within the last minute, so that bad signatures cannot cost much.
 */
export async function rereadSecretKey(now: Date): Promise<string | undefined> {
  if (held !== undefined && now.getTime() - held.readAt < rereadMilliseconds) return undefined;
  return readSecretKey(now);
}

async function readSecretKey(now: Date): Promise<string> {
  client ??= openClient(SecretsManagerClient);
  const SecretId = setting("TENCENT_SECRET_ARN");
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  if (!SecretString) throw new Error("The secret of the Tencent application is empty");
  held = { secretKey: SecretString, readAt: now.getTime() };
  return SecretString;
}
