import { isDeepStrictEqual } from "node:util";
import {
  anyCredentials,
  type EngineCall,
  type EngineCredentials,
  openEngineCalls,
} from "./engine-call.ts";

/** Another engine than the embedded one, at its address. */
type OtherEngine = {
  call: EngineCall;
  endpoint: string;
  credentials: EngineCredentials;
  switches?: undefined;
  stop(): Promise<void>;
};

/** The connection to an engine that is started and stopped elsewhere. */
export async function openOther(endpoint: string): Promise<OtherEngine> {
  const { call, close } = await openEngineCalls(endpoint);
  return { call: withoutInventedItem(call), endpoint, credentials: anyCredentials, stop: close };
}

/**
 * Dynoxide tells its key as the old item of an update that made a new one. The service tells
 * nothing then, and who asks goes by that.
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
