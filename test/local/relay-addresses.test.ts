import { expect, test } from "@jest/globals";
import { addressLimits, createAddresses } from "../../relay/addresses.ts";

test("an address has a limited number of connections, and may open others once those are closed", () => {
  const addresses = createAddresses({ ...addressLimits, connections: 2 });
  expect([1, 2, 3].map(() => addresses.open("192.0.2.1"))).toEqual([true, true, false]);
  expect(addresses.open("192.0.2.2")).toBe(true);
  addresses.close("192.0.2.1");
  expect([1, 2].map(() => addresses.open("192.0.2.1"))).toEqual([true, false]);
});

test("an address may try a limited number of handshakes at once, and each second after that", () => {
  const handshakes = { perSecond: 10, burst: 3 };
  const addresses = createAddresses({ ...addressLimits, handshakes });
  const tryAt = (at: number) => addresses.admit("192.0.2.1", at);
  expect([0, 0, 0, 0].map(tryAt)).toEqual([true, true, true, false]);
  // Refused attempts use up nothing, and no pause permits more than the burst.
  expect([50, 100, 100, 200].map(tryAt)).toEqual([false, true, false, true]);
  expect([9_000, 9_000, 9_000, 9_000].map(tryAt)).toEqual([true, true, true, false]);
  expect(addresses.admit("192.0.2.2", 0)).toBe(true);
  // As after the clock was set back by an hour.
  const earlier = [0, 0, 0, 0].map((at) => addresses.admit("192.0.2.1", at - 3_600_000));
  expect(earlier).toEqual([true, true, true, false]);
});
