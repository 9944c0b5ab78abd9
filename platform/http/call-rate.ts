import type { APIGatewayProxyResult } from "aws-lambda";
import type { Caller } from "../auth/caller.ts";
import { countUse, rateHeaders } from "../table/rates.ts";
import { type Contract, rateOf, unitsOf } from "./contract.ts";

type Counted = { now: Date; headers: Record<string, string> };

/** Counts a call against its caller's rate, and reports what is left in the response headers. */
export const countCall = (contract: Contract, caller: Caller, call: Counted): Promise<void> =>
  count(contract, caller, call, unitsOf(contract.cost));

/**
 * Counts the part of a read's response that is larger than its contract declares: lists of gift
 * types are as large as the operator's catalogue. If no unit is left, it refuses with
 * `too_many_requests`, and the response is not sent. Its headers report what is left now: a handler
 * may have counted more, too.
 */
export async function countExcess(
  contract: Contract,
  caller: Caller,
  call: Counted,
  response: APIGatewayProxyResult,
): Promise<void> {
  const { cost, route } = contract;
  const kilobytes = Math.max(Buffer.byteLength(response.body) / 1024, cost.kilobytes ?? 0);
  const excess = route.startsWith("GET ") ? unitsOf({ ...cost, kilobytes }) - unitsOf(cost) : 0;
  if (excess > 0) await count(contract, caller, call, excess);
  const ratelimit = rateHeaders(rateOf(contract, caller), caller.userId, call.now);
  response.headers = { ...response.headers, ...ratelimit };
}

async function count(
  contract: Contract,
  caller: Caller,
  { now, headers }: Counted,
  units: number,
): Promise<void> {
  const kind = rateOf(contract, caller);
  try {
    await countUse(kind, caller.userId, now, units);
  } finally {
    Object.assign(headers, rateHeaders(kind, caller.userId, now));
  }
}
