/** Questions of platform engineers are answered within two clicks from the README. */
import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { expect, test } from "@jest/globals";
import { rateOf } from "../../lib/stages/stage-limits.ts";
import { stageNamed } from "../../lib/stages/stages.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const page = "docs/production.md";

/** Words that the section must contain to which the second click leads. */
const answers: Record<string, RegExp[]> = {
  "scale.md#results": [/dollars/i, /30,000/],
  "runbook.md#before-an-event": [/quota/, /throttle rate/],
  "deploying.md#what-is-created": [/ovation-STAGE-data/, /ovation-STAGE-host-watch/, /Any region/],
  "deploying.md#deployment-rights": [/"Action": "sts:AssumeRole"/, /acm:Describe/],
  "deploying.md#adding-a-stage": [/A row of `lib\/stages\/stages\.ts`/],
  "deploying.md#deleting-a-stage": [/npm run destroy/, /--really/],
  "deploying.md#preflight-checks": [/placeholders/, /bootstrap/],
  "restore.md#restore-drill": [/npm run drill/, /audit/],
  "deploying.md#upgrade-and-rollback": [/\*\*Upgrade\*\*/, /\*\*Rollback\*\*/],
  "deploying.md#data-and-its-forms": [/one release before/, /restored backup/],
  "runbook.md#alarms": [/### reader-lags/, /### host-5xx/],
  "identity.md#the-stages-own-pool": [/Cognito|pool/],
  "identity.md#auth0": [/audience/i],
  "identity.md#firebase": [/securetoken/],
  "money-in.md#in-app-purchases-apple-and-google": [/receipt|transaction/i],
  "money-in.md#on-the-web-a-payment-provider": [/webhook/],
  "webhooks.md#events-of-a-stream": [/gift/],
  "webhooks.md#guarantees": [/order/],
  "own-data.md#deleting-an-account": [/DELETE \/api\/v1\/users\/me/],
  "own-data.md#exporting-data": [/GET \/api\/v1\/users\/me\/export/],
  "own-data.md#retention": [/ledger/, /backups/],
  "deploying.md#custom-domain": [/hosted zone/],
  "deploying.md#origins-and-the-firewall": [/`origins`/, /`firewall`/],
  "../SECURITY.md#outgoing-connections": [/telemetry/],
  "../SECURITY.md#measures": [/exact versions/, /CycloneDX/],
};

test("the guides say which request rate prod needs, and with which settings the default is enough", () => {
  const prod = stageNamed("prod");
  const [runbook, scale] = ["docs/runbook.md", "docs/scale.md"].map((path) =>
    read(path).replaceAll(/\s+/g, " "),
  );
  const shown = new Intl.NumberFormat("en-US").format;
  const [needed, each] = [shown(rateOf(prod)), shown(prod.throttle.rate)];
  expect(runbook).toContain(`${needed} in prod by default: five APIs of ${each}, and posts`);
  expect(scale).toContain(`\`postRate\` of ${shown(prod.postRate)} a second`);
  expect(scale).toContain(`prod as it is needs ${needed},`);
  expect(scale).toContain(`take ${each} calls a second`);
  const [, rate] = /the rate of its `throttle` to (\d+)\./.exec(scale!)!;
  expect(rateOf({ ...prod, throttle: { rate: Number(rate) } })).toBe(10_000);
});

const slugOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** The text below a heading or an anchor, up to the next heading of the same or a higher level. */
function sectionOf(path: string, anchor: string): string | undefined {
  const text = read(path);
  const marked = text.indexOf(`<a id="${anchor}"></a>`);
  if (marked >= 0) return text.slice(marked).split("\n## ")[0];
  const headings = [...text.matchAll(/^(#+) (.*)$/gm)];
  const at = headings.findIndex(([, , heading = ""]) => slugOf(heading) === anchor);
  if (at < 0) return undefined;
  const depth = headings[at]![1]!.length;
  const next = headings.slice(at + 1).find(([, marks = ""]) => marks.length <= depth);
  return text.slice(headings[at]!.index, next?.index);
}

const rows = read(page)
  .split("\n")
  .filter((line) => /^\| \d+ \|/.test(line));

test("the README links to fifteen questions, and each of them to its answers", () => {
  expect(read("README.md")).toContain(`](${page})`);
  expect(rows.length).toBe(15);
  const without = rows.filter((row) => !/\]\([^)]+#[^)]+\) ?[^|]*\|$/.test(row));
  expect(without).toEqual([]);
  const links = rows.flatMap((row) => [...row.matchAll(/\]\(([^)]+)\)/g)].map(([, to]) => to!));
  expect([...new Set(links)].sort()).toEqual(Object.keys(answers).sort());
});

test.each(Object.entries(answers))("%s answers", (link, words) => {
  const [file = "", anchor = ""] = link.split("#");
  const section = sectionOf(normalize(join("docs", file)), anchor);
  expect([link, section === undefined]).toEqual([link, false]);
  for (const word of words) expect(section).toMatch(word);
});
