import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { List } from "./list.ts";
import { type Column, formatted, Nothing, Refusal, Skeleton, Table } from "./ui.tsx";

type Given<Row> = {
  label: string;
  list: List<Row>;
  columns: Column<Row>[];
  /** Shown if the list is empty. */
  nothing: string;
  selected?: string;
  /** Opens a row; without it rows are only read. */
  open?(row: Row): void;
  /** The detail pane. */
  detail?: ComponentChildren;
};

/** A list with its loading, error and empty states and a button for more rows. */
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

/** Loads more rows; shows how many are loaded once there is more than one page. */
export function More<Row>({ list }: { list: List<Row> }) {
  const wasUsed = useRef(false);
  const count = list.rows?.length ?? 0;
  if (!list.hasMore && !wasUsed.current) return null;
  return (
    <p class="more" role="status">
      <span class="quiet number">
        {list.hasMore ? `First ${formatted(count)}` : `All ${formatted(count)}`}
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
          {list.isReading ? "Loading…" : "More"}
        </button>
      )}
    </p>
  );
}
