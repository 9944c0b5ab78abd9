import { setTimeout as sleep } from "node:timers/promises";
import type { InvocationResult, Invoke } from "../model.ts";
import type { Faults } from "./faults.ts";

/**
 * Lets faults strike what streams, queues, schedules and gateways call: service `lambda`, operation `Invoke`,
 * caller the function itself. Before: it is not called. After the commit: it does its work and is
 * taken as failed, as one that dies before its batch is checked off. A function that is silent ends
 * as its time limit would end it, only at once.
 */
export function withInvocationFaults(
  invoke: Invoke,
  faults: Faults,
  aim: { onlyNamed?: true } = {},
): Invoke {
  return async (functionName, event, delay) => {
    const fault = faults.find({
      caller: functionName,
      service: "lambda",
      operation: "Invoke",
      keys: () => [],
      ...aim,
    });
    switch (fault?.kind) {
      case undefined:
        return invoke(functionName, event, delay);
      case "delay":
        await sleep(fault.delayMilliseconds);
        return invoke(functionName, event, delay);
      case "throttle":
        return fail("TooManyRequestsException");
      case "error_after_commit":
      case "timeout_after_commit":
      case "silence_after_commit":
        await invoke(functionName, event, delay);
        return fail("Runtime.ExitError");
      default:
        return fail("Runtime.ExitError");
    }
  };
}

function fail(errorType: string): InvocationResult {
  return { ok: false, error: { errorType, errorMessage: "injected" } };
}
