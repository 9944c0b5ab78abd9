import type { State } from "../state.ts";

/** How far a mapping's readers have come in one stream, by shard; saved before the next batch. */
type Positions = {
  find(shard: number): string | undefined;
  save(shard: number, sequence: string): void;
  /**
   * Creates a position for each shard. If the number of shards has changed, all start at the lowest
   * old position; later records may be redelivered, as on AWS. A new mapping starts at the
   * beginning.
   */
  prepare(shardCount: number): void;
};

/**
 * The positions of one mapping in the runner's file. `stream` is the engine's own ARN. It differs
 * between engines and recreated tables, whose sequence numbers are not comparable.
 */
export function createPositions(state: State, reader: string, stream: string): Positions {
  const { database } = state;
  const all = database.prepare(
    "SELECT sequence FROM reader_positions WHERE reader = ? AND stream = ?",
  );
  const one = database.prepare(
    "SELECT sequence FROM reader_positions WHERE reader = ? AND stream = ? AND shard = ?",
  );
  const write = database.prepare("INSERT OR REPLACE INTO reader_positions VALUES (?, ?, ?, ?)");
  const remove = database.prepare("DELETE FROM reader_positions WHERE reader = ? AND stream = ?");
  return {
    find(shard) {
      const sequence = one.get(reader, stream, shard)?.sequence;
      return typeof sequence === "string" && sequence !== "" ? sequence : undefined;
    },
    save(shard, sequence) {
      write.run(reader, stream, shard, sequence);
    },
    prepare(shardCount) {
      const kept = all.all(reader, stream).map((row) => String(row.sequence));
      if (kept.length === shardCount) return;
      const least = kept.sort(compareSequences)[0] ?? "";
      remove.run(reader, stream);
      for (let shard = 0; shard < shardCount; shard++) {
        write.run(reader, stream, shard, least);
      }
    },
  };
}

/**
 * Deletes positions of a stream's removed mappings, which would keep old records forever. Other
 * streams are another stage's, which has run on the same data.
 */
export function forgetOtherReaders(state: State, stream: string, readers: string[]): void {
  state.database
    .prepare(
      `DELETE FROM reader_positions
        WHERE stream = ? AND reader NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(stream, JSON.stringify(readers));
}

/**
 * The lowest and the highest position of all readers of a stream, both undefined without readers.
 * Records up to the lowest are no longer needed; new ones are numbered above the highest.
 */
export function findPositions(
  state: State,
  stream: string,
): { least?: number | undefined; most?: number | undefined } {
  const found = state.database
    .prepare(
      `SELECT MIN(CAST(sequence AS INTEGER)) AS least, MAX(CAST(sequence AS INTEGER)) AS most
       FROM reader_positions WHERE stream = ?`,
    )
    .get(stream);
  const [least, most] = [found?.least, found?.most];
  return typeof least === "number" && typeof most === "number" ? { least, most } : {};
}

function compareSequences(a: string, b: string): number {
  return BigInt(a || 0) < BigInt(b || 0) ? -1 : 1;
}
