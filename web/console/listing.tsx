import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { LoadingRows } from "../host/action.tsx";
import { Field } from "../host/fields.tsx";
import { Icon } from "./icons.ts";
import { leaveForm } from "./leave-form.tsx";
import type { List } from "./list.ts";
import { filter, setFilters } from "./router.ts";
import { type Column, Table } from "./table.tsx";
import { EmptyState, formatted, Refusal } from "./ui.tsx";

/** An action on a row; without `run`, only a label. */
type RowAction = { label: string; run?(): void };

type Props<Row> = {
  /** The plural name of its rows, such as "Bans". */
  label: string;
  list: List<Row>;
  columns: Column<Row>[];
  /** The text of the empty state. */
  nothing: string;
  /** Controls above the list, before its search and its button. */
  filters?: ComponentChildren;
  /** The label of the search field, which sets `q` in the URL. */
  search?: string;
  /** The label of the button that opens an empty detail. */
  create?: string;
  actions?(row: Row): RowAction[];
  /** The detail of the selected row; undefined for a new one. Without it the list is read-only. */
  detail?(row: Row | undefined): ComponentChildren;
  /** Below the rows. */
  note?: ComponentChildren;
};

/** Opens a detail instead of the open one; asks first if changes would be lost. */
export const openRow = (id: string) => id !== filter("id") && leaveForm(() => setFilters({ id }));

/** A list with filters, pages, row actions and the detail of one row. */
export function Listing<Row>(given: Props<Row>) {
  const { filters, search, create, list } = given;
  return (
    <>
      <div class="filters">
        {filters}
        {search && <Search name={search} />}
        <button
          type="button"
          class="button reload"
          aria-label="Reload"
          title="Reload"
          onClick={async () => (await list.refresh()) || list.reload()}
        >
          <Icon name="replay" />
        </button>
        {create && (
          <button type="button" class="button primary" onClick={() => openRow("new")}>
            {create}
          </button>
        )}
      </div>
      <Rows {...given} />
    </>
  );
}

function Rows<Row>({ label, list, columns, nothing, actions, note, ...given }: Props<Row>) {
  const { rows, refused, reload, idOf, selected, missing } = list;
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (rows === undefined) return <LoadingRows />;
  const q = filter("q");
  const isNew = given.create !== undefined && filter("id") === "new";
  const detail = (isNew || selected !== undefined) && given.detail?.(isNew ? undefined : selected);
  const acting: Column<Row>[] = actions
    ? // On small screens, lists with a detail show the actions only there.
      [{ title: "", isWide: !!given.detail, cell: (row) => <RowActions all={actions(row)} /> }]
    : [];
  return (
    <div class={`split ${detail ? "has-detail" : ""}`}>
      <div class="listing">
        {missing && <Refusal refused={missing} />}
        {rows.length === 0 ? (
          !list.hasMore && (
            <EmptyState
              says={given.search && q !== "" ? `No ${label.toLowerCase()} match “${q}”` : nothing}
            />
          )
        ) : (
          <Table
            label={label}
            columns={[...columns, ...acting]}
            rows={rows}
            idOf={idOf}
            selected={filter("id")}
            {...(given.detail && { open: (row: Row) => openRow(idOf(row)) })}
          />
        )}
        <More list={list} />
        {note}
      </div>
      {detail}
    </div>
  );
}

const RowActions = ({ all }: { all: RowAction[] }) => (
  <span class="row-actions">
    {all.map(({ label, run }) =>
      run === undefined ? (
        <span key={label} class="quiet">
          {label}
        </span>
      ) : (
        <button
          key={label}
          type="button"
          class="link"
          onClick={(event) => {
            event.stopPropagation();
            run();
          }}
        >
          {label}
        </button>
      ),
    )}
  </span>
);

const searchMilliseconds = 200;

/** Sets `q` in the URL shortly after the last key press, and follows it. */
function Search({ name }: { name: string }) {
  const q = filter("q");
  const text = useSignal(q);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (timer.current === undefined && text.peek().trim() !== q) text.value = q;
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (next: string) => {
    text.value = next;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setFilters({ q: next.trim(), id: "" }, true);
    }, searchMilliseconds);
  };
  return <Field name={name} type="search" value={text.value} change={search} />;
}

/** A list within a detail, without filters and details of its own. */
export function ShortList<Row>(given: {
  title: string;
  list: List<Row>;
  nothing: string;
  tools?: ComponentChildren;
  row(row: Row): ComponentChildren;
}) {
  const { title, list, nothing, tools, row } = given;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {tools}
      {list.refused && <Refusal refused={list.refused} retry={list.reload} />}
      {list.rows === undefined && !list.refused && <LoadingRows />}
      {list.rows?.length === 0 && <p class="quiet">{nothing}</p>}
      <ul class="short-list">
        {list.rows?.map((one) => (
          <li key={list.idOf(one)}>{row(one)}</li>
        ))}
      </ul>
      <More list={list} />
    </section>
  );
}

/** Loads more rows; shows how many are loaded once there is more than one page. */
function More<Row>({ list }: { list: List<Row> }) {
  const wasUsed = useRef(false);
  const count = list.rows?.length ?? 0;
  if (!list.hasMore && !wasUsed.current) return null;
  return (
    <p class="more" role="status">
      {count > 0 && (
        <span class="quiet number">
          {list.hasMore ? `First ${formatted(count)}` : `All ${formatted(count)}`}
        </span>
      )}
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
