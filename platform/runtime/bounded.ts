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
