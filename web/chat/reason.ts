import { OvationError } from "../../client/index.ts";

/** The text shown for an error: the API's most precise sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof OvationError) return error.errors.at(-1) ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Ignores refusals with these codes: what the user wants is done already, or came too late. */
export const unlessRefused =
  (...codes: NonNullable<OvationError["code"]>[]) =>
  (error: unknown): undefined => {
    if (!(error instanceof OvationError && error.code && codes.includes(error.code))) throw error;
  };

/** Whether retrying is pointless: the user lacks the right, or there can be no such stream. */
export const isFinal = (error: unknown): error is OvationError =>
  error instanceof OvationError && [400, 401, 403, 404].includes(error.statusCode);
