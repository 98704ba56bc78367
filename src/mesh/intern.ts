// Equal inputs become one object, so that everything downstream can compare and cache by identity (architecture, decisions 8 and 9).

interface TrieNode<T> {
  readonly next: WeakMap<object, TrieNode<T>>;
  value: T | undefined;
}

/** Interns sequences of objects: the same objects in the same order give the same array. Forgotten with its members. */
export function listInterner<T extends object>(): (items: readonly T[]) => readonly T[] {
  const newNode = (): TrieNode<readonly T[]> => ({ next: new WeakMap(), value: undefined });
  const root = newNode();
  return (items) => {
    let node = root;
    for (const item of items) {
      let next = node.next.get(item);
      if (!next) {
        next = newNode();
        node.next.set(item, next);
      }
      node = next;
    }
    node.value ??= [...items];
    return node.value;
  };
}

/** Gives each object a number that stays its own, for use in text keys. */
export function identities(): (value: object | undefined) => number {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return (value) => {
    if (!value) return 0;
    let number = numbers.get(value);
    if (number === undefined) {
      number = ++last;
      numbers.set(value, number);
    }
    return number;
  };
}

/** Computes once per `input`; forgotten with it. */
export function memoOn<I extends object, O>(compute: (input: I) => O): (input: I) => O {
  const results = new WeakMap<I, { readonly value: O }>();
  return (input) => {
    let result = results.get(input);
    if (!result) {
      result = { value: compute(input) };
      results.set(input, result);
    }
    return result.value;
  };
}

/** Computes once per pair of `first` and `second`; forgotten with either. */
export function memoOnBoth<A extends object, B extends object, O>(compute: (first: A, second: B) => O): (first: A, second: B) => O {
  const byFirst = memoOn((first: A) => memoOn((second: B) => compute(first, second)));
  return (first, second) => byFirst(first)(second);
}

/** A map by text that forgets an entry once nobody else holds its value. */
export function weakByText<T extends object>(): { get(key: string): T | undefined; set(key: string, value: T): void } {
  const references = new Map<string, WeakRef<T>>();
  const forget = new FinalizationRegistry<{ readonly key: string; readonly reference: WeakRef<T> }>(({ key, reference }) => {
    if (references.get(key) === reference) references.delete(key);
  });
  return {
    get: (key) => references.get(key)?.deref(),
    set(key, value) {
      const reference = new WeakRef(value);
      references.set(key, reference);
      forget.register(value, { key, reference });
    },
  };
}

/** Values that read the same become one object, so that an unrelated change of a policy changes no key downstream. */
export function textInterner<V, T extends object>(make: (value: V) => T, textOf: (value: V) => string): (value: V) => T {
  const known = new Map<string, WeakRef<T>>();
  const byValue = new WeakMap<object, T>();
  return (value) => {
    const remembered = typeof value === "object" && value !== null ? byValue.get(value) : undefined;
    if (remembered) return remembered;
    const text = textOf(value);
    let interned = known.get(text)?.deref();
    if (!interned) {
      interned = make(value);
      if (known.size > 50_000) for (const [old, reference] of known) if (!reference.deref()) known.delete(old);
      known.set(text, new WeakRef(interned));
    }
    if (typeof value === "object" && value !== null) byValue.set(value, interned);
    return interned;
  };
}
