import { expect, test } from "@jest/globals";
import { catchAll, rowsOf } from "../../lib/stages/route-table.ts";
import { codeOf, sourcesOf } from "./sources.ts";

/** Routes that no API test names, and how they are called instead. */
const others: Record<string, string> = {
  "GET /v1/app-config": "answers.test.ts reads every GET of the description and checks its answer",
};

/** Routes as a test calls them; test titles do not count. */
const calling =
  /(?<!\b(?:describe|test)\()["`]((?:GET|POST|PUT|PATCH|DELETE) (?:\$\{[^}]*\}|[^\s"`$?])+)["`?]/g;

/** `GET /gifts/{}`: replaces every parameter and every template expression. */
const normalized = (route: string) => route.replace(/\$?\{[^}]*\}/g, "{}");

/** The routes that code calls; a template expression at the end of a word is a query. */
const callsIn = (code: string) =>
  [...code.matchAll(calling)]
    .map(([, route = ""]) => route)
    .filter((route) => !/(?<!\$)\{/.test(route))
    .map((route) => normalized(route).replace(/(?<=[^/ ])\{\}$/, ""));

/** Whether a call matches a route: in full, or its last part, as in `POST ${stream}/chat/pin`. */
function names(called: string, route: string): boolean {
  const [method, end] = called.split(" {}/");
  if (end === undefined) return called === normalized(route);
  return /[a-z]/.test(end) && route.startsWith(method!) && normalized(route).endsWith(`/${end}`);
}

/** The routes without a call; a call that matches several routes counts for none. */
function uncalled(routes: string[], code: string): string[] {
  const named = callsIn(code).map((called) => routes.filter((route) => names(called, route)));
  const one = new Set(named.filter(({ length }) => length === 1).flat());
  return routes.filter((route) => !one.has(route));
}

const codeBelow = (folder: string) => sourcesOf(folder).map(codeOf).join("\n");

test("every route is called by name in test/api, or listed with what calls it", () => {
  const routes = rowsOf("endpoint").map(({ contract }) => contract.route);
  const real = routes.filter((route) => !route.endsWith(catchAll));
  expect(real.length).toBeGreaterThan(60);
  expect(uncalled(real, codeBelow("test/api")).sort()).toEqual(Object.keys(others).sort());
});

test("every command is called by name in test/api, or in the tests of the commands", () => {
  const over = codeBelow("test/api");
  const imported = new Set(sourcesOf("test/platform/tencent").flatMap(({ imports }) => imports));
  const commands = rowsOf("command").filter(({ contract }) => contract.command !== "*");
  expect(commands.length).toBeGreaterThan(20);
  const isCalled = (name: string, command: string) =>
    imported.has(`functions/${name}.ts`) ||
    new RegExp(`\\btencent(Rested)?\\(\\s*"${command.split("/")[1]}"`).test(over);
  const missing = commands.filter(({ name, contract }) => !isCalled(name, contract.command));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test("a route without a call is found", () => {
  const routes = ["POST /polls/{id}", "DELETE /polls/{id}/votes", "DELETE /gifts/{id}/votes"];
  const open = (code: string) => uncalled(routes, code);
  const both = "call(`POST /polls/$" + "{id}?now=1`); call(`DELETE /polls/$" + "{id}/votes`)";
  expect(open(both)).toEqual([routes[2]]);
  expect(open(both.replace("POST", "GET"))).toEqual([routes[0], routes[2]]);
  expect(open('describe("POST /polls/{id}")')).toEqual(routes);
  const votes = "call(`DELETE $" + "{poll}/votes`)";
  expect(open(votes)).toEqual(routes);
  expect(uncalled(routes.slice(0, 2), votes)).toEqual([routes[0]]);
});
