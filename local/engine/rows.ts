/**
 * Rows in the form that their SELECT names. SQLite knows no types of columns, so this is the one
 * place that trusts a statement for them.
 */
export const rowsOf = <Row>(rows: Iterable<unknown>) => rows as Iterable<Row>;

/** One row of a statement, likewise. */
export const rowOf = <Row>(row: unknown) => row as Row;
