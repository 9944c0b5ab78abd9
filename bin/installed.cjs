"use strict";
/*
 * Runs before every command of package.json: says what is missing where Ovation is not installed.
 * It is written for the oldest Node.js that anybody may have, and reads nothing but names of files.
 */
// biome-ignore lint/style/useNodejsImportProtocol: Node.js before 14.18 does not know it.
var fs = require("fs");
// biome-ignore lint/style/useNodejsImportProtocol: Node.js before 14.18 does not know it.
var path = require("path");

var modules = path.join(__dirname, "..", "node_modules");
var major = Number(process.versions.node.split(".")[0]);

/* Something small that each installation has, and the Node.js that it brings. */
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

/* What was stripped and compiled is kept: half of what a start takes where nothing has changed. */
// biome-ignore lint/style/useNodejsImportProtocol: As above.
require("module").enableCompileCache(path.join(__dirname, "..", ".cache", "compiled"));
