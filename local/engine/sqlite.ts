import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * Rows in the form of their SELECT. SQLite has untyped columns, so this is the only place that
 * trusts a statement for their types.
 */
export const rowsOf = <Row>(rows: Iterable<unknown>) => rows as Iterable<Row>;

/** A single row in the form of its SELECT (see `rowsOf`). */
export const rowOf = <Row>(row: unknown) => row as Row;

/** Returns a function that prepares each statement once. */
export function createPreparer(database: DatabaseSync): (sql: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
}

/** Runs work in one transaction. Transactions cannot be nested. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // On a full disk SQLite has rolled back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
