import { describe, expect, test } from "@jest/globals";
import { functionName } from "../../lib/stages/names.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { takesIdempotencyKey } from "../../platform/http/contract.ts";
import { functionsOf, templatesOf } from "./templates.ts";

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

/** Functions that move credits, each in one transaction with the ledger entries. */
const movers = [
  "chat/superlike",
  "credits/transfer",
  "gifts/create",
  "gifts/refund",
  "money/settle",
  "money/sweep",
  "operations/redrive-parked",
  "passes/refund",
  "planned/follow",
  "streams/fund",
  "streams/join",
  "tencent/callbacks/receive",
  "tencent/callbacks/reverse",
  "tencent/gifts/send",
  "users/delete-me",
  "wallets/pay-out",
  "wallets/top-up",
];

/**
 * Functions that write wallets under their lock, and no entries: marks, limits, and the start of a
 * stream, whose host cannot delete the account meanwhile.
 */
const keepers = [
  "money/end-combos",
  "streams/join-as-creator",
  "tencent/rooms/create",
  "wallets/change-limit",
];

type Granted = { read?: readonly string[]; write?: readonly string[] };

const asPattern = (keys: string) =>
  new RegExp(`^${keys.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

describe.each(["dev", "prod"] as const)("in %s", (stage) => {
  const functions = functionsOf(all[stage]);

  /** The functions whose roles allow one of the actions on items of this partition. */
  function whoMay(actions: RegExp, partition: string): string[] {
    const may = [...functions].filter(([, { role }]) =>
      role.some(({ Action, Resource, Condition }) => {
        const keys = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] ?? ["*"];
        return (
          Action.some((action) => actions.test(action)) &&
          Resource.some((resource) => !resource.includes("/index/")) &&
          keys.some((pattern) => asPattern(pattern).test(partition))
        );
      }),
    );
    return may.map(([name]) => name).sort();
  }
  const named = (...names: string[]) => names.map((name) => functionName(stage, name)).sort();
  const purchase = stage === "dev" ? ["credits/purchase"] : [];
  const writing = /^dynamodb:(Put|Update|Delete|BatchWrite|\*)|^dynamodb:PartiQL|^\*/;

  /**
   * Whether a role allows an action on items of these partitions, as `ForAllValues` is evaluated.
   */
  const allows = (name: string, action: string, partitions: readonly string[]) =>
    (functions.get(functionName(stage, name))?.role ?? []).some(({ Action, Condition }) => {
      const keys = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] ?? [];
      return (
        Action.includes(`dynamodb:${action}`) &&
        partitions.every((partition) => keys.some((pattern) => asPattern(pattern).test(partition)))
      );
    });

  test("a transaction is allowed whether AWS evaluates its items separately or all keys at once", () => {
    const reading = ["GetItem", "BatchGetItem"];
    const changing = ["UpdateItem", "DeleteItem", "ConditionCheckItem"];
    const rows = [
      ...[...rowsOf("endpoint"), ...rowsOf("command"), ...rowsOf("consumer")],
      ...rowsOf("receiver"),
    ];
    let judged = 0;
    for (const { name, contract } of rows) {
      const { read = [], write = [] } = contract.grants as Granted;
      if (!functions.has(functionName(stage, name)) || !write.includes("LEDGER")) continue;
      judged += 1;
      const keysOf = (partitions: readonly string[]) =>
        partitions.map((one) => (one === "CATALOGUE" ? one : `${one}#ann`));
      const changed = keysOf(write.filter((partition) => partition !== "LEDGER"));
      for (const [actions, keys] of [
        [["PutItem"], keysOf(write)],
        [changing, changed],
        [reading, keysOf(read)],
      ] as const)
        for (const action of actions) {
          const single = keys.map((key) => allows(name, action, [key]));
          expect([name, action, allows(name, action, keys)]).toEqual([name, action, true]);
          expect([name, action, single.every(Boolean)]).toEqual([name, action, true]);
        }
      for (const action of ["UpdateItem", "DeleteItem"])
        expect([name, action, allows(name, action, ["LEDGER#ann"])]).toEqual([name, action, false]);
    }
    expect(judged).toBe(movers.length + purchase.length);
  });

  test("only functions that move credits, and the two whose mark is in it, write a wallet", () => {
    expect(whoMay(writing, "WALLET#ann")).toEqual(named(...movers, ...purchase, ...keepers));
  });

  test("only functions that move credits write a ledger entry", () => {
    expect(whoMay(writing, "LEDGER#ann")).toEqual(named(...movers, ...purchase));
  });

  test("only functions that hold, confirm or release gifts write a held gift", () => {
    const callbacks = ["tencent/callbacks/receive", "tencent/callbacks/reverse"];
    const holders = named("money/settle", "money/sweep", ...callbacks);
    expect(whoMay(writing, "CALL#ann")).toEqual(holders);
  });

  test("only functions that accept keys write what a key remembers", () => {
    const keyed = [
      // Stored responses of a user are deleted with the account.
      ...[...rowsOf("endpoint"), ...rowsOf("consumer")].filter(({ name }) =>
        ["users/delete-me", "users/erase"].includes(name),
      ),
      ...[...rowsOf("endpoint")].filter(({ contract }) => takesIdempotencyKey(contract)),
      ...[...rowsOf("command")].filter(({ contract }) => contract.idempotencyKey === true),
    ].map(({ name }) => functionName(stage, name));
    const wanted = keyed.filter((name) => functions.has(name)).sort();
    expect(wanted).toContain(functionName(stage, "gifts/create"));
    expect(whoMay(writing, "REPLAY#ann")).toEqual(wanted);
    expect(whoMay(/^dynamodb:(GetItem|BatchGetItem|Query|\*)|^\*/, "REPLAY#ann")).toEqual(wanted);
  });
});
