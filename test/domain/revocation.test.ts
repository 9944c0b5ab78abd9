import { forgottenAt, tokenSecondsMax } from "../../domain/revocation.ts";

const now = new Date("2026-01-15T10:30:00.000Z");
const seconds = now.getTime() / 1000;

test.each([
  ["of one token", null, 0],
  ["of tokens issued until an hour ago", -3600, 0],
  ["of tokens that are issued until in an hour", 3600, 3600],
])("a revocation %s is kept until every such token has expired", (_, from, later) => {
  const issuedBefore = from === null ? null : new Date(now.getTime() + from * 1000).toISOString();
  // A token's issuer and its reader may each have a clock that is a minute off.
  expect(forgottenAt(now, issuedBefore) - seconds).toBe(later + tokenSecondsMax + 120);
});
