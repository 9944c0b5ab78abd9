import { isDeepStrictEqual } from "node:util";
import { anyCredentials, callEngineAt, type EngineCall } from "./engine-call.ts";

/**
 * Connects to an engine that is started and stopped elsewhere. Rejects with a readable sentence if
 * it does not respond.
 */
export async function openExternalEngine(endpoint: string) {
  const call = callEngineAt(endpoint);
  try {
    await call("DynamoDB_20120810.ListTables", { Limit: 1 });
  } catch (error) {
    // The error of a name with several addresses has no message.
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(
      `DYNAMODB_ENDPOINT: ${endpoint} does not respond (${message || code}). ` +
        "Start that engine, or unset DYNAMODB_ENDPOINT to use Ovation's own.",
      { cause: error },
    );
  }
  const stop = async () => {};
  return { call: withoutInventedItem(call), endpoint, credentials: anyCredentials, stop };
}

/**
 * Dynoxide returns its key as the old item of an update that created a new one. DynamoDB returns
 * nothing in that case, and callers rely on it.
 */
const withoutInventedItem =
  (call: EngineCall): EngineCall =>
  async (target, body) => {
    const answer = await call(target, body);
    const isInvented =
      target.endsWith(".UpdateItem") &&
      body.ReturnValues === "ALL_OLD" &&
      isDeepStrictEqual(answer.body.Attributes, body.Key);
    if (!isInvented) return answer;
    const { Attributes: _, ...rest } = answer.body;
    return { ...answer, body: rest };
  };
