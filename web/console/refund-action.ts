import type { Action } from "./actions.tsx";
import { request } from "./api.ts";
import { creditsOf } from "./ui.tsx";

/** A gift or superlike to refund; `credits` is undefined if not all of its parts are known. */
type Refunded = {
  what: string;
  name: string;
  credits: number | undefined;
  /** Whether the application may have charged for it instead: lists of gifts do not show this. */
  mayBeExternal?: boolean;
  took(refundedAt: string): void;
};

/** Refunds the credits of a gift or a superlike to its sender. */
export function refundAction(id: string, { what, name, credits, ...given }: Refunded): Action {
  const returned = credits === undefined ? "The whole price" : creditsOf(credits);
  const unless = given.mayBeExternal
    ? " If your application's callback charged for it, no credits move."
    : "";
  return {
    title: `Refund ${what} from ${name}`,
    warns: `${returned} will go back to the sender.${unless} This cannot be undone.`,
    verb: "Refund",
    request: request("POST", `/api/v1/gifts/${id}/refund`),
    done(answer: { credits: number; refundedAt: string }) {
      given.took(answer.refundedAt);
      if (answer.credits > 0) return `${creditsOf(answer.credits)} refunded to ${name}.`;
      return `Refunded ${what} from ${name}. No credits moved.`;
    },
  };
}
