/**
 * Arrow up and down move from row to row. Returns "row" for another row, "end" after the last
 * one; undefined before the first one and for other keys.
 */
export function moveInRows(event: KeyboardEvent, list: HTMLElement) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step === undefined) return undefined;
  const all = [...list.querySelectorAll<HTMLElement>(".row")];
  const at = all.indexOf((event.target as HTMLElement).closest<HTMLElement>(".row")!);
  const next = at < 0 ? all.at(-1) : all[at + step];
  if (next === undefined) return step === 1 ? "end" : undefined;
  event.preventDefault();
  next.focus();
  return "row";
}

/** Arrow keys move the focus in a grid with this number of columns. */
export function moveInGrid(event: KeyboardEvent, name: string, columns: number): void {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  const grid = event.currentTarget as HTMLElement;
  const all = [...grid.querySelectorAll<HTMLElement>(name)];
  const at = all.findIndex((one) => one.contains(event.target as HTMLElement));
  event.preventDefault();
  all[at + step]?.focus();
}
