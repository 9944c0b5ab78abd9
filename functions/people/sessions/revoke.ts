import { refuse } from "../../../domain/refusal.ts";
import { graceSeconds, NewRevocation, Revocation, secondOf } from "../../../domain/revocation.ts";
import { listedAction, revoke } from "../../../platform/auth/revocations.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import {
  queueSocketRevocation,
  socketRevocationOf,
} from "../../../platform/realtime/revoked-sockets.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/revocations",
    summary:
      "Revoke one token, or a user's tokens issued up to a given time, and close " +
      "their sockets",
    tag: "Sessions",
    caller: "admin",
    body: NewRevocation,
    answer: [201, Revocation],
    cost: { read: 1, write: 8, kilobytes: 1 },
    grants: { write: ["REVOKED"], queues: ["moments"] },
  },
  async ({ body: { sub, jti, issuedBefore }, now, newId, idempotentReply, assertNew }) => {
    const at = now.toISOString();
    const before = jti === undefined ? (issuedBefore ?? at) : null;
    if (before !== null && secondOf(before) > now.getTime() / 1000 + graceSeconds)
      refuse("request_invalid", { problem: "issuedBefore: expected no moment in the future" });
    await assertNew();
    const revocation = { id: newId(), sub, jti, issuedBefore: before, at };
    const reply = idempotentReply(revocation);
    const listed = listedAction(revocation, now);
    await revoke(revocation, now, { ...reply, remember: [listed, ...reply.remember] });
    await queueSocketRevocation(socketRevocationOf(revocation), now);
    return reply.answer;
  },
);
