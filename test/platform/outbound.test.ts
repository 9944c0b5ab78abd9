import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isInside, postJson } from "../../platform/outbound.ts";

const bounds = { timeoutMilliseconds: 1000, bytesMax: 100 };

test.each([
  "127.0.0.1",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "::ffff:127.0.0.1",
  "::ffff:169.254.169.254",
  "fd00::1",
  "fe80::1",
  "64:ff9b::7f00:1",
  "not an address",
])("%s is inside", (address) => {
  expect(isInside(address)).toBe(true);
});

test.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "1.1.1.1"])(
  "%s is outside",
  (address) => {
    expect(isInside(address)).toBe(false);
  },
);

describe("postJson of a deployed stage", () => {
  let server: Server;
  let calls = 0;
  let port: number;

  beforeAll(async () => {
    server = createServer((_, answer) => {
      calls += 1;
      answer.end("{}");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((done) => server.close(done)));

  test.each(["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]"])(
    "does not reach %s",
    async (host) => {
      const url = new URL(`http://${host}:${port}/`);
      await expect(postJson(url, {}, bounds)).rejects.toThrow(/is not outside/);
      expect(calls).toBe(0);
    },
  );
});
