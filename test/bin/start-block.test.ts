import { readFileSync } from "node:fs";
import { formatStartBlock } from "../../bin/start-block.ts";

/** Tokens are shortened in a document, and each in its own way. */
const shortened = (text: string) => text.replace(/eyJ[^'\s]*/g, "TOKEN");

test("the README shows the block as a start prints it", () => {
  const [, shown = ""] = /```\n( {2}Ovation [\s\S]*?)\n```/.exec(
    readFileSync("README.md", "utf8"),
  )!;
  const printed = formatStartBlock({
    url: "http://127.0.0.1:4000",
    stage: "dev",
    dataDir: ".data",
    milliseconds: 500,
    users: [
      {
        name: "johndoe",
        sub: "64d15f9e2e6c8f4d5a123456",
        token: "eyJ",
        says: "viewer, 1,000,000 credits",
      },
      {
        name: "host",
        sub: "64d15f9e2e6c8f4d5a123457",
        token: "eyJ",
        says: "host of the demo stream",
      },
      { name: "admin", sub: "admin", token: "eyJ", says: "admin of everything" },
    ],
    streamId: "64d15f9e2e6c8f4d5a123000",
    giftTypeId: "65a1234bcde5678f90123456",
    sdkAppId: "1400000001",
    secretKey: "79507…",
    localKey: undefined,
  });
  expect(shortened(shown.trimEnd())).toBe(
    shortened(printed.trim().padStart(printed.trim().length + 2)),
  );
});
