"use strict";
/*
 * Loaded before a program (`node -r`): names that end with `.localhost` lead to this machine, as RFC
 * 6761 (6.3) wants it and not every system's resolver does it.
 */
const dns = require("node:dns");

const own = { address: "127.0.0.1", family: 4 };
const { lookup } = dns;

dns.lookup = (name, ...rest) => {
  const answer = rest.at(-1);
  const [options] = rest;
  if (!String(name).endsWith(".localhost")) return lookup(name, ...rest);
  if (options?.all) process.nextTick(answer, null, [own]);
  else process.nextTick(answer, null, own.address, own.family);
};
