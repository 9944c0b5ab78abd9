import { parsePosition } from "../../domain/log/recovery.ts";

test("a position in a URL is read, and a malformed one is refused", () => {
  expect(parsePosition("mf3k:17")).toEqual({ epoch: "mf3k", frame: 17 });
  for (const text of [
    "",
    "17",
    "e:",
    ":1",
    "e:-1",
    "e:1.5",
    "e:1e3",
    "e f:1",
    "e:1:2",
    `e:${"9".repeat(16)}`,
  ])
    expect(parsePosition(text)).toBeUndefined();
});
