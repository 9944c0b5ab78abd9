import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { prepareTable } from "../../bin/start/demo.ts";
import { createLog, startSystem } from "../../local/index.ts";

/** The role's permissions come from the template, so the test changes the template. */
const sender = "64d15f9e2e6c8f4d5a123456";
const gift = {
  giftTypeId: "65a1234bcde5678f90123456",
  liveStreamId: "64d15f9e2e6c8f4d5a123000",
};

type Statement = { Condition?: Record<string, Record<string, string[]>> };
type Template = {
  Resources: Record<
    string,
    { Properties?: { Policies?: { PolicyDocument: { Statement: Statement[] } }[] } }
  >;
};

let original: string;
let copy: string;

/** A copy of the assembly in which the gift's role may not write the ledger. */
function copyWithoutLedger(): { removed: number } {
  let removed = 0;
  for (const name of readdirSync(original)) {
    if (!name.endsWith(".template.json")) {
      symlinkSync(join(original, name), join(copy, name));
      continue;
    }
    const template = JSON.parse(readFileSync(join(original, name), "utf8")) as Template;
    for (const [id, { Properties }] of Object.entries(template.Resources)) {
      if (!id.startsWith("giftscreaterole")) continue;
      for (const { PolicyDocument } of Properties?.Policies ?? []) {
        for (const { Condition } of PolicyDocument.Statement) {
          const patterns = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] ?? [];
          const at = patterns.indexOf("LEDGER#*");
          if (at >= 0) removed += patterns.splice(at, 1).length;
        }
      }
    }
    writeFileSync(join(copy, name), JSON.stringify(template));
  }
  return { removed };
}

/** Sends a gift on its own system; returns the status and the logged problems. */
async function sendGift(directory: string): Promise<{ status: number; problems: string }> {
  const problems: string[] = [];
  const log = createLog("off", (text) => problems.push(text));
  const system = await startSystem({
    assemblyDirectory: async () => directory,
    stageName: "dev",
    port: 0,
    dataDir: ":memory:",
    log,
    secrets: {},
    prepare: async (prepared) => void (await prepareTable(prepared, { demo: true })),
  });
  try {
    const post = (path: string, body: unknown, headers = {}) =>
      fetch(`${system.url}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      });
    const { token } = (await (await post("/local/token", { sub: sender })).json()) as {
      token: string;
    };
    const authorization = `Bearer ${token}`;
    const answer = await post("/api/v1/gifts/create", gift, { authorization });
    return { status: answer.status, problems: problems.join("\n") };
  } finally {
    await system.stop();
  }
}

beforeAll(async () => {
  original = await buildAssembly("dev", new AbortController().signal);
  copy = mkdtempSync(join(tmpdir(), "ovation-test-"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("a gift needs each of its grants: without one it fails here as on AWS", async () => {
  const whole = await sendGift(original);
  expect(whole).toEqual({ status: 201, problems: "" });
  expect(copyWithoutLedger().removed).toBeGreaterThan(0);
  const poor = await sendGift(copy);
  expect(poor.status).toBe(500);
  expect(poor.problems).toMatch(
    /ovation-dev-gifts-create is not authorized to perform: dynamodb:PutItem on .* LEDGER#/,
  );
});
