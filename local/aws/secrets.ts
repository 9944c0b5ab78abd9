import { randomBytes } from "node:crypto";
import type { Stage } from "../model.ts";
import type { State } from "../state.ts";
import { AwsFailure, answerJson, type Prepare, readJsonBody } from "./failure.ts";

/** The value of a secret by its name; the same at every start on one data directory. */
type Secrets = { get(name: string): string };

/**
 * Values of the template's secrets: the given ones, or values generated once in the length of the
 * template's GenerateSecretString, and stored.
 */
export function createSecrets(stage: Stage, state: State, given: Record<string, string>): Secrets {
  const find = state.database.prepare("SELECT value FROM secrets WHERE name = ?");
  const keep = state.database.prepare("INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)");
  return {
    get(name) {
      if (given[name] !== undefined) return given[name];
      const secret = stage.secrets.find((one) => one.name === name);
      keep.run(name, newSecret(secret?.generate?.PasswordLength));
      return String(find.get(name)?.value);
    },
  };
}

/** Hexadecimal text of the requested length. */
const newSecret = (length = 32) =>
  randomBytes(Math.ceil(length / 2))
    .toString("hex")
    .slice(0, length);

/** Secrets Manager's GetSecretValue, by name or ARN. */
export function createSecretCalls(stage: Stage, secrets: Secrets): Prepare {
  return (request) => {
    if (request.operation !== "GetSecretValue")
      throw new AwsFailure(
        400,
        "UnknownOperationException",
        `The local endpoint does not have the Secrets Manager operation ${request.operation}`,
      );
    const wanted = String(readJsonBody(request).SecretId ?? "");
    const secret = stage.secrets.find((one) => one.name === wanted || one.arn === wanted);
    if (!secret) {
      const message = "Secrets Manager can't find the specified secret.";
      throw new AwsFailure(400, "ResourceNotFoundException", message);
    }
    return {
      access: [{ action: "secretsmanager:GetSecretValue", resource: secret.arn }],
      keys: () => [secret.name],
      itemCount: 1,
      run: () =>
        answerJson({
          ARN: secret.arn,
          Name: secret.name,
          SecretString: secrets.get(secret.name),
          VersionId: "00000000-0000-4000-8000-000000000001",
          VersionStages: ["AWSCURRENT"],
          CreatedDate: 0,
        }),
    };
  };
}
