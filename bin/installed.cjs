"use strict";
/*
 * Runs before every command of package.json: reports a missing installation. It is written for
 * very old Node.js versions, and reads nothing but file names unless it is asked for help.
 */
// biome-ignore lint/style/useNodejsImportProtocol: Node.js before 14.18 does not know it.
var fs = require("fs");
// biome-ignore lint/style/useNodejsImportProtocol: Node.js before 14.18 does not know it.
var path = require("path");

var modules = path.join(__dirname, "..", "node_modules");
var major = Number(process.versions.node.split(".")[0]);

/* A small file of each installation, and the Node.js version that it brings. */
var isInstalled = fs.existsSync(path.join(modules, "zod"));
var hasNode = fs.existsSync(path.join(modules, ".bin", "node"));

if (!isInstalled) {
  console.error("Run `npm ci` first.");
  process.exit(2);
}
if (major < 24) {
  console.error(
    hasNode
      ? "Ovation runs on Node.js 24, this is " +
          process.version +
          ". Use `npm start`, which brings it."
      : "Ovation runs on Node.js 24, this is " +
          process.version +
          ". Install Node.js 24: `npm ci` brings it to Linux and Windows on x64 and to Linux on arm64.",
  );
  process.exit(2);
}

/* Programs without options of their own answer --help with the comment at their head. */
var program = path.resolve(process.argv[1] || "");
var own = /^(bin.(build|documents|pictures|deploy.assert-tag|test.check)|test.stage)\b/;
var isHelp = /^(-h|--help)$/;
if (
  own.test(path.relative(path.join(__dirname, ".."), program)) &&
  process.argv.slice(2).some(isHelp.test, isHelp)
) {
  console.log(
    fs
      .readFileSync(program, "utf8")
      .split("*/")[0]
      .replace(/^(\/\*\*| \*)\s?/gm, "")
      .trim(),
  );
  process.exit(0);
}

/* The compile cache, which saves half of the time of a start without changes. */
// biome-ignore lint/style/useNodejsImportProtocol: As above.
require("module").enableCompileCache(path.join(__dirname, "..", ".cache", "compiled"));
