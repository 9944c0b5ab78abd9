import * as z from "zod";
import { endpoint } from "../../platform/http/endpoint.ts";
import { queueWithdrawal, sessionsOf } from "../../platform/realtime/withdrawal.ts";
import { listRevocation, revoke } from "../../platform/revocations.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/users/me/sign-out",
    says: "End all of one's own sessions: tokens so far are refused and sockets closed",
    tag: "Sessions",
    caller: "user",
    shape: "envelope",
    answer: [204, z.void()],
    refusals: [],
    grants: { write: ["REVOKED"], queues: ["moments"] },
  },
  async ({ caller: { userId, issuedAt }, now, newId }) => {
    // The caller's own token is among them, also where its issuer's clock is ahead of ours.
    const latest = new Date(Math.max(now.getTime(), issuedAt * 1000)).toISOString();
    const at = now.toISOString();
    const revocation = { id: newId(), sub: userId, issuedBefore: latest, at };
    await revoke(revocation, now);
    await queueWithdrawal(sessionsOf(revocation), now);
    await listRevocation(revocation, now);
  },
);
