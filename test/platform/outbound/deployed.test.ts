import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { postJson } from "../../../platform/outbound/post.ts";

const bounds = { timeoutMilliseconds: 1000, bytesMax: 100 };
const hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]"];

test("a deployed stage opens no socket to its own machine", async () => {
  let sockets = 0;
  const server = createServer().on("connection", () => {
    sockets += 1;
  });
  await new Promise<void>((done) => server.listen(0, done));
  const { port } = server.address() as AddressInfo;
  for (const scheme of ["http", "https"])
    for (const host of hosts)
      await expect(postJson(`${scheme}://${host}:${port}/`, {}, bounds)).rejects.toThrow(
        /^Not called: expected/,
      );
  expect(sockets).toBe(0);
  await new Promise((done) => server.close(done));
});
