import { isDeepStrictEqual } from "node:util";
import type { Invoke, Stage } from "./model.ts";

/** Runs changed code without a restart; provided by the embedding program. */
export type Reloading = {
  /** Asked before each event: a promise of a new bundle, or undefined where the old one is new. */
  refresh(functionName: string): Promise<void> | undefined;
  /** Takes back a bundle that does not load. Answers whether there was one before it. */
  undo(functionName: string): boolean;
};

/** Calls functions by their newest bundles, by the one before where the newest does not load. */
export function reloadBefore(invoke: Invoke, { refresh, undo }: Reloading): Invoke {
  return async (functionName, event, delay) => {
    const work = refresh(functionName);
    if (work !== undefined) await work;
    const result = await invoke(functionName, event, delay);
    const isBroken = !result.ok && result.error.errorType === "Runtime.ImportModuleError";
    return isBroken && undo(functionName) ? await invoke(functionName, event, delay) : result;
  };
}

/** What is made once, at the start. */
const fixed = [
  ...(["tables", "queues", "buckets", "eventSources", "schedules", "secrets"] as const),
  "webSocketApis",
] as const;

/**
 * Makes a running stage like another reading of its assembly: functions, roles and REST APIs.
 * Answers the names of what differs and cannot change without a restart.
 */
export function replaceInStage(stage: Stage, next: Stage): string[] {
  for (const name of Object.keys(stage.functions))
    if (!Object.hasOwn(next.functions, name)) delete stage.functions[name];
  for (const [name, lambda] of Object.entries(next.functions)) {
    const running = stage.functions[name];
    // Their workers know it by this object.
    if (running === undefined) stage.functions[name] = lambda;
    else Object.assign(running, { reservedConcurrency: undefined }, lambda);
  }
  stage.roles = next.roles;
  stage.restApis = next.restApis;
  stage.alarms = next.alarms;
  stage.metricFilters = next.metricFilters;
  return fixed.filter((part) => !isDeepStrictEqual(stage[part], next[part]));
}
