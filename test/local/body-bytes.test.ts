import { largeBodyMin, ownBufferOf } from "../../local/body-bytes.ts";

/* Planted fault that turns this red: a buffer that is shared with others. */
test("only a large buffer with nothing else in it is handed over or freed", () => {
  const own = Buffer.alloc(largeBodyMin);
  expect(ownBufferOf(own)).toEqual([own.buffer]);
  const shared = new Uint8Array(new SharedArrayBuffer(largeBodyMin));
  const small = Buffer.from("from the pool");
  for (const other of [Buffer.alloc(largeBodyMin + 1).subarray(1), shared, small])
    expect(ownBufferOf(other)).toEqual([]);
});
