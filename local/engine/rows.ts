/**
 * Rows in the form of their SELECT. SQLite has untyped columns, so this is the only place that
 * trusts a statement for their types.
 */
export const rowsOf = <Row>(rows: Iterable<unknown>) => rows as Iterable<Row>;

/** The same for a single row. */
export const rowOf = <Row>(row: unknown) => row as Row;
