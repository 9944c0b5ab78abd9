"use strict";
/**
 * Tells jest which sources a test depends on that it does not import: the functions behind the
 * routes that it calls, and what the systems and pages that it opens are made from. So
 * `npm test -- --changed` and `--watch` find black-box tests too. Jest loads it as CommonJS, in
 * each of its processes.
 */
const { createHash } = require("node:crypto");
const { globSync, readFileSync } = require("node:fs");
const { dirname, join, relative } = require("node:path");

const root = join(__dirname, "..");
const sourcesOf = (...patterns) => globSync(patterns, { cwd: root }).sort();

/** Each function with a route, its parameters as `{}`. */
const routes = sourcesOf("functions/**/*.ts").flatMap((file) => {
  const [, route] = /^ {4}route: "([^"]+)"/m.exec(readFileSync(join(root, file), "utf8")) ?? [];
  return route === undefined ? [] : [{ file, route: route.replace(/\{[^}]*\}/g, "{}") }];
});

/** Sources without a route, by the test code that makes them run. */
const table = [
  [/^test\/cloud\/templates\.ts$/, ["lib/index.ts"]],
  [/^test\/system\.ts$/, ["local/index.ts", "bin/start/run-local.ts"]],
  [/^test\/api\/people\.ts$/, ["functions/people/auth/http.ts", "local/index.ts"]],
  [/^test\/api\/viewer\.ts$/, ["functions/{log/realtime/*,people/auth/socket}.ts"]],
  [/^test\/api\/receiver\.ts$/, ["functions/webhooks/*.ts"]],
  [/^test\/api\/tencent-caller\.ts$/, ["functions/tencent/**/*.ts"]],
  [/^test\/api\/tencent-callback\.ts$/, ["functions/tencent/callbacks/*.ts"]],
  [/^test\/api\/(gifts|wallets|combos|described|races)\.test\.ts$/, ["functions/money/*.ts"]],
  [/^test\/api\/(notifications|streams|described)\.test\.ts$/, ["functions/streams/notices/*.ts"]],
  [/^test\/api\/(own-data|users)\.test\.ts$/, ["functions/people/users/*.ts"]],
  [/^test\/api\/pictures\.test\.ts$/, ["functions/streams/pictures/*.ts"]],
  [/^test\/web\/pages\.ts$/, ["web/*/index.{ts,tsx}"]],
  [/^test\/web\/(page-server\.ts|chat|overlay)/, ["web/{chat,overlay}/index.{ts,tsx}"]],
];

/**
 * Files whose calls link nothing. The first two prepare tests, and would link every function that
 * they call to all tests; the others name routes that they do not call, or call a fake.
 */
const unlinked =
  /^test\/(api\/(people|operations)\.ts|conventions\/|bin\/test-options|client\/routes|web\/docs-order)/;

/** A call of a route in a test, such as "GET /a" or `POST ${stream}/chat/pin`. */
const calling = /["`]((?:GET|POST|PUT|PATCH|DELETE) (?:\$\{[^}]*\}|[^\s"`$?])+)/g;

/** The functions whose routes some code calls: named in full, or by their end after a variable. */
function functionsIn(code) {
  const called = [...code.matchAll(calling)].map(([, route]) =>
    route.replace(/\$\{[^}]*\}/g, "{}").replace(/(?<=[^/ ])\{\}$/, ""),
  );
  return routes
    .filter(({ route }) =>
      called.some((one) => {
        const [method, end] = one.split(" {}/");
        return end === undefined
          ? one === route
          : route.startsWith(method) && route.endsWith(`/${end}`);
      }),
    )
    .map(({ file }) => file);
}

module.exports = {
  getCacheKey: () =>
    createHash("sha256")
      .update(readFileSync(__filename))
      .update(JSON.stringify(routes))
      .digest("hex"),
  extract(code, path, extractImports) {
    const found = new Set(extractImports(code));
    const file = relative(root, path).replaceAll("\\", "/");
    if (!file.startsWith("test/")) return found;
    const outside = table.filter(([test]) => test.test(file)).flatMap(([, made]) => made);
    const called = unlinked.test(file) ? [] : functionsIn(code);
    const linked = [...sourcesOf(...outside), ...called];
    for (const source of linked) {
      const specifier = relative(dirname(path), join(root, source)).replaceAll("\\", "/");
      found.add(specifier.startsWith(".") ? specifier : `./${specifier}`);
    }
    return found;
  },
};
