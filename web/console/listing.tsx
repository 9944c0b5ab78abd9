import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { List } from "./list.ts";
import { type Column, formatted, Nothing, Refusal, Skeleton, Table } from "./pieces.tsx";

type Given<Row> = {
  label: string;
  list: List<Row>;
  columns: Column<Row>[];
  /** What is said where the list is empty. */
  nothing: string;
  selected?: string;
  /** Opens a row; without it rows are only read. */
  open?(row: Row): void;
  /** What stands beside the list. */
  detail?: ComponentChildren;
};

/** A list in each of its states, with the way to the rows that are not read yet. */
export function Listing<Row>({ list, nothing, detail, ...table }: Given<Row>) {
  const { rows, refused, reload, idOf } = list;
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (rows === undefined) return <Skeleton />;
  return (
    <div class={`split ${detail ? "has-detail" : ""}`}>
      {rows.length === 0 ? (
        <Nothing says={nothing} />
      ) : (
        <div class="listing">
          <Table {...table} rows={rows} idOf={idOf} />
          <More list={list} />
        </div>
      )}
      {detail}
    </div>
  );
}

/** Reads on; says how much is there as soon as it is not all. */
export function More<Row>({ list }: { list: List<Row> }) {
  const wasUsed = useRef(false);
  const count = list.rows?.length ?? 0;
  if (!list.hasMore && !wasUsed.current) return null;
  return (
    <p class="more" role="status">
      <span class="quiet number">
        {list.hasMore ? `The first ${formatted(count)}` : `All ${formatted(count)}`}
      </span>
      {list.hasMore && (
        <button
          type="button"
          class="button outlined"
          aria-disabled={list.isReading}
          onClick={() => {
            wasUsed.current = true;
            if (!list.isReading) void list.more();
          }}
        >
          {list.isReading ? "Reading …" : "More"}
        </button>
      )}
    </p>
  );
}
