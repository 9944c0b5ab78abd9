import * as z from "zod";
import { revoke } from "../../../platform/auth/revocations.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import {
  queueSocketRevocation,
  socketRevocationOf,
} from "../../../platform/realtime/revoked-sockets.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/users/me/sign-out",
    summary: "Sign out everywhere: revoke all my tokens and close my sockets",
    tag: "Sessions",
    caller: "user",
    answer: [204, z.void()],
    cost: { read: 1, write: 6 },
    grants: { write: ["REVOKED"], queues: ["moments"] },
  },
  async ({ caller: { userId, issuedAt }, now, newId, idempotentReply, assertNew }) => {
    await assertNew();
    // Includes the caller's own token, even if its issuer's clock is ahead of ours.
    const latest = new Date(Math.max(now.getTime(), issuedAt * 1000)).toISOString();
    const at = now.toISOString();
    const revocation = { id: newId(), sub: userId, issuedBefore: latest, at };
    await revoke(revocation, now, idempotentReply(undefined));
    await queueSocketRevocation(socketRevocationOf(revocation), now);
  },
);
