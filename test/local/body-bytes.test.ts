import { largeBodyMin, ownBufferOf } from "../../local/body-bytes.ts";
import { startGateway } from "../../local/gateway/index.ts";
import { createRunnerRoutes } from "../../local/gateway/runner-routes.ts";
import { createLog } from "../../local/log.ts";

/* Planted fault that turns this red: a buffer that is shared with others. */
test("only a large buffer with nothing else in it is handed over or freed", () => {
  const own = Buffer.alloc(largeBodyMin);
  expect(ownBufferOf(own)).toEqual([own.buffer]);
  const shared = new Uint8Array(new SharedArrayBuffer(largeBodyMin));
  const small = Buffer.from("from the pool");
  for (const other of [Buffer.alloc(largeBodyMin + 1).subarray(1), shared, small])
    expect(ownBufferOf(other)).toEqual([]);
});

/* Planted faults that turn this red: no body is freed; it is freed before it is sent. */
test("a large answer arrives whole, and its memory is freed as soon as it is sent", async () => {
  const log = createLog("off", () => undefined);
  const gateway = await startGateway({ port: 0, log, runnerRoutes: createRunnerRoutes() });
  const bodies = { "/own": Buffer.alloc(5_000_000, "a"), "/kept": Buffer.alloc(5_000_000, "b") };
  gateway.open({
    rest: [
      {
        prefix: "",
        answer: async ({ path }) => ({
          statusCode: 200,
          headers: [],
          by: "test",
          body: bodies[path as keyof typeof bodies],
          isBodyOwn: path === "/own",
        }),
      },
    ],
    sockets: [],
  });
  const textOf = async (path: string) => (await fetch(`${gateway.url}${path}`)).text();
  expect(await textOf("/own")).toBe("a".repeat(5_000_000));
  expect(await textOf("/kept")).toBe("b".repeat(5_000_000));
  await gateway.stop();
  expect([bodies["/own"].length, bodies["/kept"].length]).toEqual([0, 5_000_000]);
});
