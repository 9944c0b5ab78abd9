import { OvationError } from "../../client/index.ts";

/** The text shown for an error: the API's most precise sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof OvationError) return error.errors.at(-1) ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Whether it stays so however often one asks: this person may not, or there is no such stream. */
export const isFinal = (error: unknown) =>
  error instanceof OvationError && [401, 403, 404].includes(error.statusCode);
