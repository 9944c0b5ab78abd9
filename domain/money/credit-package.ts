import * as z from "zod";
import { Amount } from "../credits.ts";
import { booleanText } from "../page.ts";
import { refuse } from "../refusal.ts";
import { shownText, Timestamp } from "../text.ts";

const StoreType = z.enum(["apple", "google", "test", "web"], {
  error: "expected apple, google, test or web",
});

export const PackageId = z
  .string({ error: "expected 24 hex characters" })
  .regex(/^[0-9a-fA-F]{24}$/, "expected 24 hex characters")
  .transform((id) => id.toLowerCase())
  .meta({
    description: "The id of a credit package",
    example: "65b0000000000000000000a1",
    maxLength: 24,
  });

/** Credits as an app store sells them. */
export const CreditPackage = z
  .object({
    id: PackageId,
    creditAmount: Amount,
    revenuecatProductId: shownText(50),
    storeIdentifier: shownText(50),
    storeType: StoreType,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "CreditPackage" });
export type CreditPackage = z.infer<typeof CreditPackage>;

const since = "2026-01-01T00:00:00.000Z";
const sizes = [100, 550, 1_200, 6_500];
const stores = ["apple", "google", "test", "web"] as const;

/** The packages: the same sizes in every store, and one in each that is no longer for sale. */
const catalogue = stores.flatMap((storeType, store) =>
  [...sizes, 50].map((creditAmount, size) => ({
    isActive: creditAmount !== 50,
    id: `65b0000000000000000000${"abcd"[store]}${size + 1}`,
    creditAmount,
    revenuecatProductId: `credits_${creditAmount}`,
    storeIdentifier: `${storeType}.credits.${creditAmount}`,
    storeType,
    createdAt: since,
    updatedAt: since,
  })),
);

export const PackageQuery = z.object({
  storeType: StoreType.optional().meta({ description: "Only packages of this store" }),
  activeOnly: booleanText
    .default(true)
    .meta({ description: "Leave out packages that are no longer sold" }),
});

const packageOf = ({ isActive: _, ...row }: (typeof catalogue)[number]): CreditPackage => row;

/** The packages that match a query, smallest first. */
export function listPackages({
  storeType,
  activeOnly,
}: z.output<typeof PackageQuery>): CreditPackage[] {
  const wanted = catalogue.filter(
    (one) =>
      (storeType === undefined || one.storeType === storeType) && (!activeOnly || one.isActive),
  );
  return wanted.sort((a, b) => a.creditAmount - b.creditAmount).map(packageOf);
}

/** Returns a package that is for sale; refuses with `package_not_found`. */
export function getPackage(packageId: string): CreditPackage {
  const found = catalogue.find(({ id, isActive }) => id === packageId && isActive);
  return found === undefined ? refuse("package_not_found", { packageId }) : packageOf(found);
}
