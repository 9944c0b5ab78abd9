import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A column of a table: its title and its content per row. */
export type Column<Row> = {
  title: string;
  /** Right-aligned. */
  isNumber?: boolean;
  /** Takes the remaining width. */
  isGrowing?: boolean;
  /** Hidden on small screens. */
  isWide?: boolean;
  /** Hidden in a narrow list, such as one next to a detail. */
  isExtra?: boolean;
  cell(row: Row): ComponentChildren;
};

type TableProps<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  idOf(row: Row): string;
  selected?: string;
  /** Opens a row; without it the table is read-only. */
  open?(row: Row): void;
};

/**
 * A table with 40 px rows and a sticky head. One row is in the Tab order, with its buttons; arrow
 * keys move between rows, Enter opens one.
 */
export function Table<Row>(given: TableProps<Row>) {
  const { label, columns, rows, idOf, selected, open } = given;
  const current = useSignal("");
  const active = rows.find((row) => idOf(row) === current.value) ?? rows[0];
  const body = useRef<HTMLTableSectionElement>(null);
  useLayoutEffect(() => {
    if (open === undefined && !body.current?.querySelector("a, button")) return;
    for (const [at, row] of [...(body.current?.rows ?? [])].entries())
      for (const control of [row, ...row.querySelectorAll<HTMLElement>("a, button")])
        control.tabIndex = rows[at] === active ? 0 : -1;
  });
  const move = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const row = event.currentTarget;
    const to =
      event.key === "ArrowDown"
        ? row.nextElementSibling
        : event.key === "ArrowUp"
          ? row.previousElementSibling
          : undefined;
    if (to === undefined || event.target !== row) return;
    event.preventDefault();
    (to as HTMLElement | null)?.focus();
  };
  const classOf = ({ isNumber, isGrowing, isWide, isExtra }: Column<Row>) =>
    [isNumber && "number end", isGrowing && "grow", isWide && "wide", isExtra && "extra"]
      .filter(Boolean)
      .join(" ");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable areas need a keyboard stop.
    <section class="table" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                {column.title === "" ? <span class="hidden">Actions</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <tr
              key={idOf(row)}
              class={open === undefined ? "" : "open"}
              tabIndex={-1}
              onFocusIn={() => {
                current.value = idOf(row);
              }}
              aria-current={selected === idOf(row) ? "true" : undefined}
              onClick={() => open?.(row)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && event.target === event.currentTarget) open?.(row);
                else move(event);
              }}
            >
              {columns.map((column) => (
                <td key={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
