import { ownHostOf } from "../../local/gateway/loopback.ts";

test.each([
  ["127.0.0.1:4000", "127.0.0.1", "127.0.0.1:4000"],
  ["localhost:4000", "127.0.0.1", "localhost:4000"],
  ["api.ovation.localhost", "127.0.0.1", "api.ovation.localhost"],
  ["[::1]:4000", "::1", "[::1]:4000"],
  ["192.168.1.5:4000", "::ffff:192.168.1.5", "192.168.1.5:4000"],
  ["192.168.1.6:4000", "192.168.1.5", undefined],
  ["evil.example", "127.0.0.1", undefined],
  ["localhost.evil.example", "127.0.0.1", undefined],
  ["127.0.0.1.evil.example", "127.0.0.1", undefined],
  ["evil.example@127.0.0.1", "127.0.0.1", "127.0.0.1"],
  ["localhost/evil", "127.0.0.1", "localhost"],
  ['quoted".localhost', "127.0.0.1", undefined],
  ["two words", "127.0.0.1", undefined],
  ["", "127.0.0.1", undefined],
  [undefined, "127.0.0.1", undefined],
])("a request to the host %j at %s counts as this machine's host %s", (named, ownIp, host) => {
  expect(ownHostOf(named, ownIp)).toBe(host);
});
