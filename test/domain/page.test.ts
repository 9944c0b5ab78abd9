import fc from "fast-check";
import type * as z from "zod";
import { TransactionQuery } from "../../domain/money/transaction-query.ts";
import { dateTime, dateTimeEnd } from "../../domain/page.ts";
import { NewRevocation } from "../../domain/revocation.ts";
import { NewStream } from "../../domain/streams/new-stream.ts";

const twoDigits = (value: number) => String(value).padStart(2, "0");
const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysOf = (year: number, month: number) =>
  month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;

const year = fc.oneof(
  fc.constantFrom(1900, 2000, 2024, 2026, 2100),
  fc.integer({ min: 1000, max: 9998 }),
);
const month = fc.integer({ min: 1, max: 12 });
const day = fc.oneof(fc.integer({ min: 28, max: 32 }), fc.integer({ min: 0, max: 31 }));
const time = fc.constantFrom("", "T00:00Z", "T23:59:59.999Z", "T00:30:00+02:00", "T23:30-11:00");

const takes = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

test("a date is accepted exactly if it exists, also at the end of months and in leap years", () => {
  fc.assert(
    fc.property(year, month, day, time, (year, month, day, time) => {
      const exists = day >= 1 && day <= daysOf(year, month);
      const value = `${year}-${twoDigits(month)}-${twoDigits(day)}${time}`;
      expect([value, takes(dateTime, value), takes(dateTimeEnd, value)]).toEqual([
        value,
        exists,
        exists,
      ]);
      if (time === "" && exists) expect(dateTime.parse(value)).toBe(`${value}T00:00:00.000Z`);
    }),
    { numRuns: 2_000 },
  );
});

test.each(["2026-01-01T24:00Z", "2026-01-01T12:60Z", "2026-13-01", "9999-12-31T23:59-23:00"])(
  "%s does not exist",
  (value) => {
    expect(takes(dateTime, value)).toBe(false);
  },
);

test("every date of a request is validated like this", () => {
  const days: [z.ZodType, (day: string) => object][] = [
    [NewStream, (plannedStartDate) => ({ title: "a", plannedStartDate })],
    [NewRevocation, (issuedBefore) => ({ sub: "ann", issuedBefore })],
    [TransactionQuery, (dateFrom) => ({ dateFrom })],
    [TransactionQuery, (dateTo) => ({ dateTo })],
  ];
  for (const [schema, of] of days) {
    expect(takes(schema, of("2028-02-29"))).toBe(true);
    expect(takes(schema, of("2027-02-29"))).toBe(false);
  }
});
