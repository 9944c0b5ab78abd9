import { setTimeout as sleep } from "node:timers/promises";
import type { InvocationResult, Invoke } from "../model.ts";
import type { Faults } from "./faults.ts";

/**
 * Applies faults to invocations by streams, queues, schedules and gateways: service `lambda`,
 * operation `Invoke`, caller the function itself. A fault before the commit: the function is not
 * called. After the commit: it runs and counts as failed, like one that dies before its batch is
 * checkpointed. `silence` and `timeout` end like a timeout, but immediately.
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
