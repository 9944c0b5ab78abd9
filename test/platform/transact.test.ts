import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { triesMax } from "../../platform/table/conflicts.ts";
import { useTable } from "../../platform/table/table.ts";
import { type Action, transact } from "../../platform/table/transact.ts";
import { transactionCanceled } from "./table-errors.ts";

process.env.TABLE_NAME ??= "t";

type Sent = { input: { ClientRequestToken: string; TransactItems: unknown[] } };

/** A table whose transactions end as told, one after the other; then they are committed. */
function tableThat(...ends: (Error | undefined)[]): { tokens: string[] } {
  const tokens: string[] = [];
  const send = async ({ input }: Sent) => {
    tokens.push(input.ClientRequestToken);
    const end = ends[tokens.length - 1];
    if (end !== undefined) throw end;
    return {};
  };
  useTable({ send } as unknown as DynamoDBDocumentClient);
  return { tokens };
}

const cancelled = (...codes: string[]) => transactionCanceled(codes.map((Code) => ({ Code })));
const conflict = "TransactionConflict";
const failed = "ConditionalCheckFailed";

const put = (label: string): Action => ({ label, Put: { Item: { PK: label, SK: label } } });
const gift = [put("wallet:u"), put("gift"), put("marker")];

test("a conflict is retried with another token, since a cancelled transaction is final", async () => {
  const { tokens } = tableThat(cancelled(conflict, "None", "None"));
  expect(await transact(gift)).toBeUndefined();
  expect(new Set(tokens).size).toBe(2);
});

test("a lost response is requested again with the same token, until it is definite", async () => {
  const lost = Object.assign(new Error("lost"), { $metadata: { httpStatusCode: 500 } });
  const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
  const { tokens } = tableThat(lost, reset, lost);
  expect(await transact(gift)).toBeUndefined();
  expect([tokens.length, new Set(tokens).size]).toEqual([4, 1]);
});

test("endless conflicts are refused as unavailable, after a limited number of attempts", async () => {
  const { tokens } = tableThat(...Array.from({ length: 99 }, () => cancelled(conflict)));
  await expect(transact(gift)).rejects.toMatchObject({ code: "unavailable" });
  expect(tokens).toHaveLength(triesMax);
});

test("a conflict on the marker alone is another call with the key; with the wallet it is not", async () => {
  tableThat(cancelled("None", "None", conflict));
  await expect(transact(gift)).rejects.toMatchObject({ code: "key_in_progress" });
  const { tokens } = tableThat(cancelled(conflict, conflict, conflict));
  expect(await transact(gift)).toBeUndefined();
  expect(tokens).toHaveLength(2);
});

test("an existing marker is reported at once, whatever else conflicted", async () => {
  const { tokens } = tableThat(cancelled(failed, conflict, failed));
  expect([...(await transact(gift))!.keys()]).toEqual(["wallet:u", "marker"]);
  expect(tokens).toHaveLength(1);
});

test("conditions are reported by label only when all were evaluated", async () => {
  const { tokens } = tableThat(
    cancelled(conflict, failed, "None"),
    cancelled("ThrottlingError", failed, "None"),
    cancelled(failed, failed, "None"),
  );
  expect([...(await transact(gift))!.keys()]).toEqual(["wallet:u", "gift"]);
  expect(new Set(tokens).size).toBe(3);
});

test("a marker in conflict next to a failed condition is retried until it is known", async () => {
  const { tokens } = tableThat(
    cancelled(failed, "None", conflict),
    cancelled(failed, "None", failed),
  );
  expect([...(await transact(gift))!.keys()]).toEqual(["wallet:u", "marker"]);
  expect(tokens).toHaveLength(2);
});

test("an invalid request is a fault and is not retried", async () => {
  const { tokens } = tableThat(cancelled("None", "ValidationError"));
  await expect(transact(gift)).rejects.toThrow("cancelled");
  expect(tokens).toHaveLength(1);
});

test("a decision that must be new is not repeated: it gets the reason, conflict or throttle", async () => {
  const throttled = "ThrottlingError";
  const { tokens } = tableThat(cancelled(conflict, throttled), cancelled(failed, throttled));
  const once = () => transact(gift.slice(0, 2), { onConflict: "return" });
  expect([...(await once())!.keys()]).toEqual(["conflict"]);
  expect([...(await once())!.keys()]).toEqual(["throttle"]);
  expect(tokens).toHaveLength(2);
});
