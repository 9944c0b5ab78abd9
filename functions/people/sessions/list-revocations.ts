import * as z from "zod";
import { RevocationId } from "../../../domain/id.ts";
import { cursorQuery, PageInfo, pageUntil } from "../../../domain/page.ts";
import { Revocation } from "../../../domain/revocation.ts";
import { rowsOf } from "../../../domain/text.ts";
import { listRevocations } from "../../../platform/auth/revocations.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";

/** A revocation is kept until the tokens that it refuses have expired. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/revocations",
    summary: "List the admins' revocations that are still in effect, newest first",
    tag: "Sessions",
    caller: "admin",
    query: cursorQuery(RevocationId),
    answer: [200, z.object({ list: rowsOf(Revocation), pageInfo: PageInfo })],
    cost: { read: 30, kilobytes: 105 },
    grants: { read: ["REVOKED"] },
  },
  async ({ query: { limit, after }, now }) => {
    const { list, next } = await listRevocations(limit, after, now);
    return pageUntil(list, limit, next);
  },
);
