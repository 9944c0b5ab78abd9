import * as z from "zod";
import { ParkedId, ParkedRecord } from "../../../domain/money/parked.ts";
import { cursorPage, cursorQuery, PageInfo } from "../../../domain/page.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { listParked, parkedRecordOf } from "../../../platform/store/money/parked.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/operations/parked",
    summary: "List parked records: gifts that could not be settled, newest day first",
    tag: "Operations",
    caller: "admin",
    query: cursorQuery(ParkedId),
    answer: [200, z.object({ list: rowsOf(ParkedRecord), pageInfo: PageInfo })],
    cost: { read: 720, kilobytes: 335 },
    grants: { read: ["PARKED"] },
  },
  async ({ query: { after, limit }, now }) => {
    const parked = await listParked(now, limit + 1, after);
    return cursorPage(parked.map(parkedRecordOf), limit, ({ id }) => id);
  },
);
