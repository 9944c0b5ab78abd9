import { expect, test } from "@jest/globals";
import { atInit, initialize } from "../../platform/runtime/caches.ts";

test("a function opens at its start only what its grants require", async () => {
  const opened: string[] = [];
  atInit(() => opened.push("table"), ["read", "write"]);
  atInit(() => opened.push("sockets"), ["connections"]);
  const openedBy = async (grants: object) => {
    opened.length = 0;
    initialize(grants);
    await Promise.resolve().then(() => undefined);
    return [...opened];
  };
  expect(await openedBy({})).toEqual([]);
  expect(await openedBy({ issuer: true })).toEqual([]);
  expect(await openedBy({ read: ["USER"] })).toEqual(["table"]);
  expect(await openedBy({ write: ["USER"], connections: true })).toEqual(["table", "sockets"]);
});
