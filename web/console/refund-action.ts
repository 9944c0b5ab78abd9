import type { Action } from "./actions.tsx";
import { request } from "./api.ts";
import { creditsOf } from "./ui.tsx";

/** `credits` are undefined if not all of them are known yet. */
type Refunded = {
  what: string;
  name: string;
  credits: number | undefined;
  took(refundedAt: string): void;
};

/** Refunds the credits of a gift or a superlike to its sender. */
export const refundAction = (id: string, { what, name, credits, took }: Refunded): Action => ({
  title: `Refund ${what} from ${name}`,
  warns: `${credits === undefined ? "The whole price" : creditsOf(credits)} will go back to the sender. This cannot be undone.`,
  verb: "Refund",
  request: request("POST", `/api/v1/gifts/${id}/refund`),
  done(answer: { credits: number; refundedAt: string }) {
    took(answer.refundedAt);
    return `${creditsOf(answer.credits)} refunded to ${name}.`;
  },
});
