/** Runs `work` over all items, at most `parallel` at once. Rejects with the first error when all have ended. */
export async function eachOf<T>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const lane = async (): Promise<void> => {
    for (const item of waiting) await work(item)
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(Math.max(parallel, 1), items.length) }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
}
