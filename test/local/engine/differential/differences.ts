import { isDeepStrictEqual } from "node:util";
import { isSame, type Observation, pagesMax } from "./compare.ts";
import type { Operation } from "./operations.ts";
import type { Schema } from "./tables.ts";

/** A permitted difference between the engines, and why ours behaves as it does. */
export type Difference = {
  what: string;
  /** The service's documentation of this case. */
  service: string;
  fits(found: {
    operation: Operation;
    table: Schema;
    ours: Observation;
    theirs: Observation;
  }): boolean;
};

/**
 * The whole list. Three more are not generated, since they would only show in what is read later;
 * the tests next to this directory have them. Several members of one list are removed by the places
 * that they had before, and set behind its end in the order of their places, without a gap:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 * ADD and DELETE within documents are not documented. A write that changes nothing makes no record:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
export const differences: Difference[] = [
  {
    what: "An expression in a transaction that is wrong by itself",
    service:
      "ValidationException for the request: it is none of the validation errors that the reasons " +
      "of a TransactionCanceledException may have. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html",
    fits: ({ operation, ours, theirs }) =>
      operation.name === "TransactWriteItems" &&
      ours.refusal === "ValidationException" &&
      theirs.refusal === "TransactionCanceledException",
  },
  {
    what: "Operands that their operator does not take, where no item is compared with them",
    service:
      "ValidationException whatever the table holds: an expression is checked before it is used. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html",
    fits: ({ ours, theirs }) =>
      ours.refusal === "ValidationException" &&
      /Incorrect operand type|The BETWEEN operator requires|must be distinct/.test(
        String(ours.sentence),
      ) &&
      theirs.refusal !== "ValidationException",
  },
  {
    what: "REMOVE at a path whose way there does not exist",
    service:
      "A ValidationException, as for SET and ADD: the document path is invalid for update. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html",
    fits: ({ ours, theirs }) =>
      /document path .* is invalid for update/.test(String(ours.sentence)) &&
      theirs.refusal !== "ValidationException",
  },
  {
    what: "A key that an expression looks into as if it were a document",
    service:
      "A ValidationException wherever it stands: keys are scalars. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    fits: ({ ours }) => /^Key attributes must be scalars/.test(String(ours.sentence)),
  },
  {
    what: "Paths of an update that overlap in a transaction, or of which one takes for a list what is a map to another",
    service:
      "A ValidationException, as for paths of an UpdateItem that overlap. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html",
    fits: ({ ours }) => /Two document paths (conflict|overlap)/.test(String(ours.sentence)),
  },
  {
    what: "ALL_OLD of an item that was not there before it was updated",
    service:
      "All attributes of the item as they were before the operation: none. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html",
    fits: ({ operation, ours, theirs }) =>
      operation.body.ReturnValues === "ALL_OLD" &&
      !ours.refusal &&
      ours.Attributes === undefined &&
      isDeepStrictEqual(theirs.Attributes, operation.body.Key),
  },
  {
    what: "Attributes that an index does not have and a projection asks for",
    service:
      "A ValidationException: only what is projected to the index can be asked for. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html",
    fits: ({ ours }) => /Global secondary index \S+ does not project/.test(String(ours.sentence)),
  },
  {
    what: "UPDATED_NEW or UPDATED_OLD of an update that changes members of lists",
    service:
      "Only what was updated, as it is after or before: a member that is not there is not told. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html",
    fits: ({ operation: { body }, ours, theirs }) =>
      /^UPDATED_/.test(String(body.ReturnValues)) &&
      /\[\d\]/.test(String(body.UpdateExpression)) &&
      !ours.refusal &&
      !theirs.refusal,
  },
  {
    what: "Whether two attributes or sizes of which neither is there are equal, or differ",
    service:
      "It is not documented; here they are neither equal nor different. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html",
    fits: ({ operation }) =>
      /(#\w|\w)\S* <> (size\()?[#\w]|size\(\S+\) (<>|=|IN|BETWEEN) | (=|IN) \(?size\(/.test(
        JSON.stringify(operation.body),
      ),
  },
  {
    what: "An update in a transaction that changes its key",
    service:
      "A ValidationException, as of an UpdateItem. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Update.html",
    fits: ({ operation, ours }) =>
      operation.name === "TransactWriteItems" &&
      /This attribute is part of the key/.test(String(ours.sentence)),
  },
  {
    what: "The page after the only item of a partition in a table without a sort key",
    service:
      "Empty: ExclusiveStartKey is the primary key of the first item that is not evaluated again. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html",
    fits: ({ operation, table, ours, theirs }) =>
      operation.name === "Query" && !table.range && ours.pages === 2 && theirs.pages === pagesMax,
  },
  {
    what: "Read units of an item of which a projection takes a part",
    service:
      "By the size of the item, not of what is answered. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html",
    fits: ({ operation, ours, theirs }) =>
      /Get/.test(operation.name) &&
      JSON.stringify(operation.body).includes("ProjectionExpression") &&
      isSame({ ...ours, ConsumedCapacity: 0 }, { ...theirs, ConsumedCapacity: 0 }),
  },
  {
    what: "An update in a transaction that gives an index an empty key",
    service:
      "The reason of that update in a TransactionCanceledException, as other values that no index " +
      "takes. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html",
    fits: ({ operation, ours, theirs }) =>
      operation.name === "TransactWriteItems" &&
      /cannot contain an empty \w+ value. IndexName/.test(String(ours.sentence)) &&
      theirs.refusal === "ValidationException",
  },
  {
    what: "A key of an index that is longer than one of a table may be",
    service:
      "A ValidationException: the limits are 2,048 bytes for a partition key, 1,024 for a sort key. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.ViolationDetection.html",
    fits: ({ table, ours, theirs }) =>
      table.indexes.length > 0 &&
      /Size of hashkey|Aggregated size of all range keys/.test(String(ours.sentence)) &&
      !theirs.refusal,
  },
  {
    what: "A page with numbers whose size lies at the border of a read unit",
    service:
      "Sizes of numbers are documented as approximate: a byte for two digits and one more. " +
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html",
    fits: ({ ours, theirs }) => {
      const [mine, yours] = [totalOf(ours), totalOf(theirs)];
      const hasLong = /x{1000}.*"N"|"N".*x{1000}/.test(JSON.stringify(ours.items ?? []));
      return (
        hasLong &&
        isSame({ ...ours, costs: 0 }, { ...theirs, costs: 0 }) &&
        Math.abs(mine - yours) <= 1
      );
    },
  },
];

type Costs = ({ CapacityUnits: number } | null)[];

const sums = ({ costs }: Observation) =>
  (costs as Costs | undefined)?.map((cost) => cost?.CapacityUnits);
const totalOf = (said: Observation) =>
  (sums(said) ?? []).reduce<number>((total, units) => total + (units ?? 0), 0);
