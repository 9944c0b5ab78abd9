import { isDeepStrictEqual } from "node:util";
import type { Invoke, Stage } from "./model.ts";

/** Runs code that changes, or appears, after the start; provided by the embedding program. */
export type Reloading = {
  /** Called before each event: a promise of the new bundle, or undefined if it is there. */
  refresh(functionName: string): Promise<void> | undefined;
  /** Discards a bundle that does not load. Returns whether there is an older one. */
  undo(functionName: string): boolean;
};

/**
 * Calls functions with their newest bundles, or with the previous one if the newest does not load.
 */
export function withReload(invoke: Invoke, { refresh, undo }: Reloading): Invoke {
  return async (functionName, event, delay) => {
    const work = refresh(functionName);
    if (work !== undefined) await work;
    const result = await invoke(functionName, event, delay);
    const isBroken = !result.ok && result.error.errorType === "Runtime.ImportModuleError";
    return isBroken && undo(functionName) ? await invoke(functionName, event, delay) : result;
  };
}

/** Parts of a stage that are set up once, at the start. */
const fixed = [
  "tables",
  "queues",
  "buckets",
  "eventSources",
  "schedules",
  "secrets",
  "webSocketApis",
  "domains",
  "hasHostFirewall",
  "relay",
] as const;

/**
 * Updates a running stage to a new version of its assembly: functions, roles and REST APIs. Returns
 * the names of other differences, which need a restart.
 */
export function replaceInStage(stage: Stage, next: Stage): string[] {
  for (const name of Object.keys(stage.functions))
    if (!Object.hasOwn(next.functions, name)) delete stage.functions[name];
  for (const [name, lambda] of Object.entries(next.functions)) {
    const running = stage.functions[name];
    // Workers refer to this object, so it is changed in place.
    if (running === undefined) stage.functions[name] = lambda;
    else Object.assign(running, { reservedConcurrency: undefined }, lambda);
  }
  stage.roles = next.roles;
  stage.restApis = next.restApis;
  stage.alarms = next.alarms;
  stage.metricFilters = next.metricFilters;
  return fixed.filter((part) => !isDeepStrictEqual(stage[part], next[part]));
}
