import { type ClientSettings, Command, JsonClient } from "./json-client.ts";

/** Reads the current version of a secret. */
export class GetSecretValueCommand extends Command<{ SecretId: string }> {
  readonly operation = "GetSecretValue";
}

/**
 * A client for secrets: in the bundles it replaces that of `@aws-sdk/client-secrets-manager`
 * (bin/build/build.ts), with the only operation that is used.
 */
export class SecretsManagerClient extends JsonClient {
  constructor(settings: ClientSettings) {
    const target = "secretsmanager";
    super({ name: target, target, version: "1.1", pauseBase: 50 }, settings);
  }
}
