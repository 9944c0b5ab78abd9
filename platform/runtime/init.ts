/** A function needs one of these grants to use a resource. */
type Needs = readonly string[];

const openings: { open: () => unknown; needs: Needs }[] = [];

/**
 * Marks a lazily created resource, such as a connection or a late-loaded module, to be opened when
 * a function that uses it starts, so that no call waits for it later. Importing opens nothing.
 * `get` returns the resource and is returned; `open` opens it, and defaults to `get`. A function
 * without any of the grants in `needs` only bundles the code.
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
 * Opens a function's resources. Called by the first lines of its bundle (bin/build/build.ts), which
 * Lambda runs at full processor speed whatever the function's memory. Nothing is awaited; a
 * resource that cannot be opened now is opened on first use, where its failure is handled. `grants`
 * are those of the function's contract.
 */
export function initialize(grants: object): void {
  for (const { open, needs } of openings) {
    if (!needs.some((grant) => Reflect.get(grants, grant) !== undefined)) continue;
    Promise.resolve()
      .then(open)
      .catch(() => undefined);
  }
}

/** A function whose value is created on first use, and kept. */
export function lazy<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
