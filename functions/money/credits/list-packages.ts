import { CreditPackage, listPackages, PackageQuery } from "../../../domain/money/credit-package.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";

/** The prices of credits, by store. Public, so that a shop needs no login. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/credit-packages",
    summary: "List the credit packages",
    tag: "Credits",
    caller: "anyone",
    query: PackageQuery,
    answer: [200, rowsOf(CreditPackage)],
    cacheControl: "public, max-age=60",
    cost: { kilobytes: 4 },
    grants: {},
  },
  async ({ query }) => listPackages(query),
);
