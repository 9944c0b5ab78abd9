const openings: (() => unknown)[] = [];

/**
 * Marks what is made on first use, such as a connection or code that Node loads late, to be opened
 * already when a function that has it starts, so that nobody waits for it later. Importing opens
 * nothing. `get` answers it and is returned; `open` opens it, and is `get` itself unless given.
 */
export function atInit<Get extends () => unknown>(get: Get, open: () => unknown = get): Get {
  openings.push(open);
  return get;
}

/**
 * Opens what a function has. Called by its bundle's first lines (bin/build.ts), which Lambda runs at
 * the full speed of a processor however small the function is. Nothing is waited for, and what
 * cannot be opened now is opened on first use, where somebody hears why not. `grants` are those of
 * the function's contract: without any it calls nobody.
 */
export function initialize(grants: object): void {
  if (Object.keys(grants).length === 0) return;
  for (const open of openings)
    Promise.resolve()
      .then(open)
      .catch(() => undefined);
}
