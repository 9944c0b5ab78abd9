/** Grants, one of which a function must have to use a resource. */
type Needs = readonly string[];

const openings: { open: () => unknown; needs: Needs }[] = [];

/**
 * Registers a lazily created resource, such as a connection or a late-loaded module, to be opened
 * when a function that uses it starts, so that no call waits for it. Importing opens nothing.
 * Returns `get`, which returns the resource; `open` opens it and defaults to `get`. Functions
 * without any of the grants in `needs` do not open it.
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
 * Opens the resources of a function with these grants. Called first in its bundle
 * (bin/build/build.ts), which Lambda runs at full processor speed regardless of memory. Does not
 * wait; a resource that fails to open is opened on first use, where the failure is handled.
 */
export function initialize(grants: object): void {
  for (const { open, needs } of openings) {
    if (!needs.some((grant) => Reflect.get(grants, grant) !== undefined)) continue;
    Promise.resolve()
      .then(open)
      .catch(() => undefined);
  }
}

/** Wraps `make` so that its value is created on the first call and kept. */
export function lazy<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}

/**
 * Wraps `make` so that its value for each name is created on the first call with it and kept; in a
 * weak map, if names are objects, as long as they exist.
 */
export function lazyEach<Name, Value>(
  make: (name: Name) => Value,
  kept: { get(name: Name): Value | undefined; set(name: Name, value: Value): unknown } = new Map(),
): (name: Name) => Value {
  return (name) => {
    const value = kept.get(name) ?? make(name);
    kept.set(name, value);
    return value;
  };
}
