/*
 * Values that a process keeps between its calls: resources that it opens when it starts, values
 * that are made on first use, and bounded caches.
 */

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

/**
 * A map of at most `sizeMax` entries: a new one evicts the one that was set longest ago, and
 * setting an entry again makes it the newest. Entries only save work, so an evicted one costs a
 * read and nothing else.
 */
export class BoundedMap<Name, Value> extends Map<Name, Value> {
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    super();
    this.#sizeMax = sizeMax;
  }

  override set(name: Name, value: Value): this {
    this.delete(name);
    if (this.size >= this.#sizeMax) this.delete(this.keys().next().value!);
    return super.set(name, value);
  }
}

/** A set of at most `sizeMax` members; adding a member again makes it the newest. */
export class BoundedSet<Value> extends Set<Value> {
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    super();
    this.#sizeMax = sizeMax;
  }

  override add(value: Value): this {
    this.delete(value);
    if (this.size >= this.#sizeMax) this.delete(this.values().next().value!);
    return super.add(value);
  }
}

/**
 * Whether something was done less than this many milliseconds ago; all times are in milliseconds
 * since 1970. A time as far in the future is not recent: this machine's clock was set back.
 */
export const isRecent = (at: number, now: number, milliseconds: number): boolean =>
  Math.abs(now - at) < milliseconds;

/**
 * Caches the results of `make` by name for this many milliseconds, at most `sizeMax` of them.
 * Concurrent callers share a result. After a failure the next caller tries again.
 */
export function cachedEach<Name, Value>(
  milliseconds: number,
  sizeMax: number,
  make: (name: Name, now: Date) => Promise<Value>,
): (name: Name, now: Date) => Promise<Value> {
  const made = new BoundedMap<Name, { at: number; value: Promise<Value> }>(sizeMax);
  return (name, now) => {
    const at = now.getTime();
    const known = made.get(name);
    if (known !== undefined && isRecent(known.at, at, milliseconds)) return known.value;
    const begun = { at, value: make(name, now) };
    begun.value.catch(() => {
      if (made.get(name) === begun) made.delete(name);
    });
    made.set(name, begun);
    return begun.value;
  };
}
