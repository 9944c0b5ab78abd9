/*
 * Bounded caches of one process. A new entry evicts the one that was set longest ago. Entries only
 * save work, so an evicted one costs a read and nothing else.
 */

/** A map of at most `sizeMax` entries; setting an entry again makes it the newest. */
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
    if (known !== undefined && Math.abs(at - known.at) < milliseconds) return known.value;
    const begun = { at, value: make(name, now) };
    begun.value.catch(() => {
      if (made.get(name) === begun) made.delete(name);
    });
    made.set(name, begun);
    return begun.value;
  };
}
