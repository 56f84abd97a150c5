/** Looked at before others have their turn. */
const SLICE = 2000

/** Goes through any number of things without holding up mail. */
export async function inSlices<T>(things: Iterable<T>, look: (thing: T) => void): Promise<void> {
  let looked = 0
  for (const thing of things) {
    look(thing)
    if (++looked % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
