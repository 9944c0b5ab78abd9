import { isDeepStrictEqual } from "node:util";
import {
  anyCredentials,
  type EngineCall,
  type EngineCredentials,
  openEngineCalls,
} from "./engine-call.ts";

/** An external engine at its address. */
type ExternalEngine = {
  call: EngineCall;
  endpoint: string;
  credentials: EngineCredentials;
  switches?: undefined;
  stop(): Promise<void>;
};

/**
 * Connects to an engine that is started and stopped elsewhere. Rejects with a readable sentence if
 * it does not respond.
 */
export async function openExternalEngine(endpoint: string): Promise<ExternalEngine> {
  const { call, close } = await openEngineCalls(endpoint);
  try {
    await call("DynamoDB_20120810.ListTables", { Limit: 1 });
  } catch (error) {
    await close();
    throw new Error(
      `DYNAMODB_ENDPOINT: ${endpoint} does not respond (${(error as Error).message}). ` +
        "Start that engine, or unset DYNAMODB_ENDPOINT to use Ovation's own.",
      { cause: error },
    );
  }
  return { call: withoutInventedItem(call), endpoint, credentials: anyCredentials, stop: close };
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
