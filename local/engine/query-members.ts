import type { Body, Context } from "./context.ts";
import type { Condition, Path } from "./expressions/syntax.ts";
import { invalid, invalidParameter } from "./failure.ts";
import { type KeyRange, namesIn } from "./key-condition.ts";
import { encodeKeyValue, type KeySchema, partsOf } from "./keys.ts";
import { capacityChoices, Faults } from "./request.ts";
import { type Index, namesProjectedTo, type Table } from "./tables.ts";
import { checkItem, type Item, typeOf } from "./values.ts";

const selectChoices = [
  "SPECIFIC_ATTRIBUTES",
  "COUNT",
  "ALL_ATTRIBUTES",
  "ALL_PROJECTED_ATTRIBUTES",
];

/** Collects what is wrong with the fields shared by Query and Scan, without throwing yet. */
export function checkMembers(body: Body): Faults {
  const faults = new Faults();
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.tableName(body.TableName);
  faults.oneOf(body.Select, "select", selectChoices);
  return faults;
}

/** Throws unless a parallel Scan has a Segment below TotalSegments. */
export function checkSegments({ Segment, TotalSegments }: Body): void {
  if (Segment === undefined && TotalSegments === undefined) return;
  const lacks = (name: string, other: string) =>
    invalid(`The ${name} parameter is required but was not present in the request when ${other}`);
  if (Segment === undefined) throw lacks("Segment", "parameter TotalSegments is present");
  if (TotalSegments === undefined) throw lacks("TotalSegments", "Segment parameter is present");
  if (Number(Segment) >= Number(TotalSegments))
    throw invalid(
      "The Segment parameter is zero-based and must be less than parameter TotalSegments: " +
        `Segment: ${Segment} is not less than TotalSegments: ${TotalSegments}`,
    );
}

/** The table or index to read. Throws if it does not exist or cannot serve the request. */
export function findPlace(context: Context, body: Body) {
  const table = context.tables.get(body.TableName);
  const { IndexName: name } = body;
  if (name === undefined || name === null) {
    checkSelect(body, undefined);
    return { table, index: undefined, schema: table.schema };
  }
  const index = table.indexes.find((one) => one.name === name);
  if (!index) throw invalid(`The table does not have the specified index: ${name}`);
  if (index.isGlobal && body.ConsistentRead === true)
    throw invalid("Consistent reads are not supported on global secondary indexes");
  checkSelect(body, index);
  return { table, index, schema: index.schema };
}

function checkSelect({ Select, ProjectionExpression }: Body, index: Index | undefined): void {
  if (Select === "ALL_PROJECTED_ATTRIBUTES" && !index)
    throw invalidParameter(
      "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
    );
  if (Select === "SPECIFIC_ATTRIBUTES" && ProjectionExpression === undefined)
    throw invalidParameter(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  if (
    ProjectionExpression !== undefined &&
    Select !== undefined &&
    Select !== "SPECIFIC_ATTRIBUTES"
  )
    throw invalid(
      `Cannot specify the ProjectionExpression when choosing to get ${Select === "COUNT" ? "only the Count" : Select}`,
    );
  if (Select === "ALL_ATTRIBUTES" && index?.isGlobal && index.projection !== "ALL")
    throw invalidParameter(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} ` +
        "because its projection type is not ALL",
    );
}

/** Throws for a projection that a global index lacks: it cannot read its table. */
export function refuseUnprojected(
  table: Table,
  index: Index | undefined,
  paths: Path[] | undefined,
): void {
  if (!index?.isGlobal || !paths) return;
  const has = namesProjectedTo(index, table);
  const lacks = paths.map(([name]) => String(name)).filter((name) => has && !has.has(name));
  if (lacks.length > 0)
    throw invalidParameter(
      `Global secondary index ${index.name} does not project [${lacks.join(", ")}]`,
    );
}

/** Throws if a filter uses the key of the Query. */
export function refuseKeysInFilter(schema: KeySchema, filter: Condition | undefined): void {
  if (!filter) return;
  const keys = partsOf(schema).map(({ name }) => name);
  const found = namesIn(filter).find((name) => keys.includes(name));
  if (found !== undefined)
    throw invalid(
      "Filter Expression can only contain non-primary key attributes: " +
        `Primary key attribute: ${found}`,
    );
}

/** The ExclusiveStartKey: the key of the table, plus that of the index being read. */
export function readStart(body: Body, table: Table, index: Index | undefined): Item | undefined {
  if (body.ExclusiveStartKey === undefined || body.ExclusiveStartKey === null) return undefined;
  const start = checkItem(body.ExclusiveStartKey as Body);
  const parts = [...partsOf(table.schema), ...(index ? partsOf(index.schema) : [])];
  const names = new Set(parts.map(({ name }) => name));
  const fits =
    Object.keys(start).length === names.size &&
    parts.every(({ name, type }) => start[name] && typeOf(start[name]) === type);
  if (!fits)
    throw invalid(
      index
        ? "The provided starting key is invalid"
        : "The provided starting key is invalid: The provided key element does not match the schema",
    );
  return start;
}

/** Throws if a page would begin outside of the requested partition. */
export function checkStartFits(start: Item, schema: KeySchema, range: KeyRange): void {
  const hash = encodeKeyValue(start[schema.hash.name]!);
  if (Buffer.compare(hash, encodeKeyValue(range.hash)) !== 0)
    throw invalid(
      "The provided starting key is outside query boundaries based on provided conditions",
    );
}
