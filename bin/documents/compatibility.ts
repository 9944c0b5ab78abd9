import {
  allmineFields,
  allmineOperations,
  type Remark,
  tencentCommands,
  tencentFields,
} from "./compatibility-remarks.ts";

/** The part of the OpenAPI document's paths that is compared with the references. */
type Paths = Record<string, Record<string, { summary?: string }>>;

const begin = `# Compatibility

This page lists every operation and group of fields of the two APIs that Ovation is compatible with.
*Done*: works as in the reference. *Different*: exists, with the stated difference. *Missing*: does
not exist, for the stated reason. For the first steps see
[moving from Allmine](moving-from-allmine.md) and [moving from Tencent](moving-from-tencent.md).
\`npm run documents\` generates this page from the routes and a table of remarks, and fails if they
contradict each other.
`;

/** A route without the names of its parameters, since the reference uses other names. */
const formOf = (route: string) => route.replace(/\{\w+\}/g, "{}");

const isRoute = ({ of }: Remark) => /^[A-Z]+ \//.test(of);

const rowOf = ({ of, state, why = "" }: Remark) =>
  `| ${isRoute({ of, state }) ? `\`${of}\`` : of} | ${state} | ${why} |`;

const table = (what: string, remarks: readonly Remark[]) =>
  [`| ${what} | state | remark |`, "| --- | --- | --- |", ...remarks.map(rowOf)].join("\n");

/** Throws if a remark says missing for an existing route, or the reverse. */
function assertTrue(remarks: readonly Remark[], routes: ReadonlySet<string>): void {
  for (const remark of remarks.filter(isRoute))
    if (routes.has(formOf(remark.of)) === (remark.state === "missing"))
      throw new Error(`docs/compatibility.md: ${remark.of} is not ${remark.state}`);
}

/** The rows of all commands: done, or as remarked. Throws if a remark names no command. */
function commandRows(commands: readonly string[]): Remark[] {
  const remarked = new Map(tencentCommands.map((remark) => [remark.of, remark]));
  const rows = commands.map((of): Remark => {
    const remark = remarked.get(of);
    remarked.delete(of);
    return { ...(remark ?? { state: "done" }), of: `\`${of}\`` };
  });
  for (const of of remarked.keys()) throw new Error(`docs/compatibility.md: ${of} does not exist`);
  return rows;
}

/**
 * Generates docs/compatibility.md: each operation and group of fields of both reference APIs, and
 * the operations that only Ovation has. Throws if the remarks contradict the routes.
 */
export function compatibility(paths: Paths): string {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { summary = "" }]) => ({
      route: `${method.toUpperCase()} ${path}`,
      summary,
    })),
  );
  const routes = new Set(operations.map(({ route }) => formOf(route)));
  assertTrue(allmineOperations, routes);
  const remarked = new Set(allmineOperations.map(({ of }) => formOf(of)));
  const commands = operations.filter(({ route }) => route.startsWith("POST /v4/"));
  const own = operations.filter(
    ({ route }) => !remarked.has(formOf(route)) && !route.startsWith("POST /v4/"),
  );
  const tencent = commandRows(commands.map(({ route }) => route.slice("POST /v4/".length)));
  return [
    begin,
    "## Allmine mobile API: operations\n",
    table("operation", allmineOperations),
    "\n## Allmine mobile API: fields\n",
    table("fields", allmineFields),
    "\n## Tencent Live: commands\n",
    "`POST /v4/{service}/{command}`. `set_gift_switch` is Ovation's own.\n",
    table("command", tencent),
    "\n## Tencent Live: fields\n",
    table("fields", tencentFields),
    "\n## Only in Ovation\n",
    "| operation | what it does |\n| --- | --- |",
    ...own.map(({ route, summary }) => `| \`${route}\` | ${summary.replaceAll("|", "\\|")} |`),
    "",
  ].join("\n");
}
