/** A value that is there already, or will be. Waiting where there is nothing to wait for costs every message. */
export type Maybe<T> = T | Promise<T>

/** Goes on with a value as soon as it is there. */
export function whenReady<T, R>(value: Maybe<T>, next: (value: T) => Maybe<R>): Maybe<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
