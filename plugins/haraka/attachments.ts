/** Something of ours for each of some objects of Haraka's, for as long as the object lives. */
export interface Attachments<Key extends object, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): unknown
}

/**
 * Keeps it on the object, under a symbol, which no JSON shows. A WeakMap holds what is in it until a full garbage
 * collection: with an entry for each message, those come often and find much to do.
 */
export function attachments<Key extends object, Value>(name: string): Attachments<Key, Value> {
  const symbol = Symbol(`dmail ${name}`)
  type Holder = Key & { [symbol]?: Value }
  return {
    get: (key: Holder) => key[symbol],
    set: (key: Holder, value) => (key[symbol] = value),
  }
}
