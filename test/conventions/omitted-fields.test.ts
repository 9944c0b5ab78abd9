import { expect, test } from "@jest/globals";
import * as z from "zod";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { takesIdempotencyKey } from "../../platform/http/contract.ts";
import { keyedCall } from "../../platform/table/idempotency.ts";

/** The objects that a body may be: the alternatives of a union. */
function formsOf(body: z.core.$ZodType): z.ZodObject[] {
  if (body instanceof z.ZodObject) return [body];
  return body instanceof z.ZodUnion ? body.options.flatMap(formsOf) : [];
}

/**
 * The default of a field: by its schema, or (see `withDefault`) by what its transformation omits.
 */
const usual = (told: z.core.JSONSchema.BaseSchema) => told.default ?? told.byDefault;

const fields = rowsOf("endpoint").flatMap(({ contract }) => {
  if (!takesIdempotencyKey(contract) || contract.body === undefined) return [];
  return formsOf(contract.body).flatMap((form) =>
    Object.entries(form.shape as Record<string, z.ZodType>)
      .filter(([, schema]) => schema.safeParse(undefined).success)
      .map(([name, schema]) => {
        const told = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
        const hashWith = (...sent: [unknown?]) => {
          const body = { [name]: schema.parse(sent[0]) };
          return keyedCall("ann", contract.route, "key", { body }).fingerprint;
        };
        return { field: `${contract.route} ${name}`, schema, told, hashWith };
      }),
  );
});

test("a call with a key may be repeated with a field's default, and without it", () => {
  const known = fields.filter(({ told }) => usual(told) !== undefined);
  expect(known.length).toBeGreaterThanOrEqual(8);
  const others = known.filter(({ told, hashWith }) => hashWith(usual(told)) !== hashWith());
  expect(others.map(({ field }) => field)).toEqual([]);
});

test("a call with a key may be repeated with a field that is null, and without it", () => {
  const nullable = fields.filter(({ schema }) => schema.safeParse(null).success);
  expect(nullable.length).toBeGreaterThanOrEqual(15);
  const others = nullable.filter(({ hashWith }) => hashWith(null) !== hashWith());
  expect(others.map(({ field }) => field)).toEqual([]);
});

test("a body's default is in its schema, not only in its description", () => {
  const told = fields.filter(
    ({ told }) => usual(told) === undefined && /default|0 or absent/i.test(told.description ?? ""),
  );
  // The default is the time of the call.
  expect(told.map(({ field }) => field)).toEqual(["POST /api/v1/revocations issuedBefore"]);
});
