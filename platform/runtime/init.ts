/** One of these grants is what a function must have for something to be of use to it. */
type Needs = readonly string[];

const openings: { open: () => unknown; needs: Needs }[] = [];

/**
 * Marks what is made on first use, such as a connection or code that Node loads late, to be opened
 * already when a function that has it starts, so that nobody waits for it later. Importing opens
 * nothing. `get` answers it and is returned; `open` opens it, and is `get` itself unless given. A
 * function without any of the grants that it `needs` has the code alone.
 */
export function atInit<Get extends () => unknown>(
  get: Get,
  needs: Needs,
  open: () => unknown = get,
): Get {
  openings.push({ open, needs });
  return get;
}

/**
 * Opens what a function has. Called by its bundle's first lines (bin/build/build.ts), which Lambda
 * runs at the full speed of a processor however small the function is. Nothing is waited for, and
 * what cannot be opened now is opened on first use, where its failure is answered. `grants` are
 * those of the function's contract.
 */
export function initialize(grants: object): void {
  for (const { open, needs } of openings) {
    if (!needs.some((grant) => Reflect.get(grants, grant) !== undefined)) continue;
    Promise.resolve()
      .then(open)
      .catch(() => undefined);
  }
}

/** A function whose value is made when it is first asked for, and kept. */
export function lazy<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
