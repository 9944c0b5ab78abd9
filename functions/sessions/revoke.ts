import { refuse } from "../../domain/refusal.ts";
import { graceSeconds, NewRevocation, Revocation, secondOf } from "../../domain/revocation.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { queueWithdrawal, sessionsOf } from "../../platform/realtime/withdrawal.ts";
import { listRevocation, revoke } from "../../platform/revocations.ts";

/** The sockets are asked to end before the call counts as done: its repetition ends none. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/revocations",
    says: "Refuse a user's tokens up to a moment, or one token, and close their sockets",
    tag: "Sessions",
    caller: "admin",
    shape: "envelope",
    body: NewRevocation,
    answer: [201, Revocation],
    refusals: [],
    grants: { read: ["REPLAY"], write: ["REVOKED", "REPLAY"], queues: ["moments"] },
  },
  async ({ body: { sub, jti, issuedBefore }, now, newId, once, assertNew }) => {
    const at = now.toISOString();
    const before = jti === undefined ? (issuedBefore ?? at) : null;
    if (before !== null && secondOf(before) > now.getTime() / 1000 + graceSeconds)
      refuse("request_invalid", { problem: "issuedBefore: expected no moment in the future" });
    await assertNew();
    const revocation = { id: newId(), sub, jti, issuedBefore: before, at };
    const reply = once(revocation);
    await revoke(revocation, now);
    await queueWithdrawal(sessionsOf(revocation), now);
    await listRevocation(revocation, now, reply);
    return reply.answer;
  },
);
