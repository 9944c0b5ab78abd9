import type { PendingMessage } from "../../client/index.ts";
import type { Log } from "./log.ts";
import { reasonOf } from "./reason.ts";
import { pendingRow } from "./rows.ts";
import type { Translator } from "./translations.ts";

/**
 * Shows the user's messages that are pending or failed. Each keeps its row until its status
 * changes: a new row would end a press of its button, and announce the failure again.
 */
export function createPendingRows(log: Log, translator: Translator) {
  let shown = new Map<PendingMessage, { status: string; row: HTMLElement }>();
  return (pending: readonly PendingMessage[]): void => {
    shown = new Map(
      pending.map((one) => {
        const { status, error } = one;
        const known = shown.get(one);
        if (known?.status === status) return [one, known];
        const reason = status === "failed" ? reasonOf(error) : "";
        return [one, { status, row: pendingRow(one, translator, reason) }];
      }),
    );
    log.showPending([...shown.values()].map(({ row }) => row));
  };
}
