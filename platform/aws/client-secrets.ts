import { type ClientSettings, JsonClient } from "./json-client.ts";

/** Reads the current version of a secret. */
export class GetSecretValueCommand {
  readonly input: { SecretId: string };

  constructor(input: { SecretId: string }) {
    this.input = input;
  }
}

/**
 * A client for secrets: in the bundles it replaces that of `@aws-sdk/client-secrets-manager`
 * (bin/build/build.ts), with the only operation that is used.
 */
export class SecretsManagerClient {
  readonly #client: JsonClient;

  constructor(settings: ClientSettings) {
    const target = "secretsmanager";
    const service = { name: target, target, version: "1.1", pauseBase: 50 } as const;
    this.#client = new JsonClient(service, settings);
  }

  /** Rejects as `JsonClient.call` does. */
  send({ input }: GetSecretValueCommand) {
    return this.#client.call("GetSecretValue", JSON.stringify(input));
  }

  destroy(): void {
    this.#client.destroy();
  }
}
