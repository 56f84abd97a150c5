/** Stands for what a sender is not to see. */
const HIDDEN = '(hidden)'

/**
 * A next hop's words about `target`, for a sender who wrote to `given` and does not know of the target: its address, its
 * local part, its domain, hosts below that domain and `host`, the next hop, are left out. The reply code and what else was said
 * stays.
 */
export function hideTarget(words: string, target: string, given: string, host?: string): string {
  const at = target.lastIndexOf('@')
  const local = target.slice(0, at)
  const domain = target.slice(at + 1)
  const secrets: readonly (readonly [RegExp, string])[] = [
    [literally(target), given],
    [new RegExp(`[^\\s<>()"':;,]*${escaped(domain)}`, 'gi'), HIDDEN],
    ...(host === undefined || host === '' ? [] : [[literally(host), HIDDEN] as const]),
    [new RegExp(`(?<![\\w.+-])${escaped(local)}(?![\\w.+-])`, 'gi'), HIDDEN],
  ]
  const [whole, ...parts] = secrets
  if (at < 1 || whole === undefined) return words
  // The address the sender used may have parts in common with the target, and stays readable.
  return words
    .split(whole[0])
    .map((piece) => parts.reduce((text, [secret, instead]) => text.replace(secret, instead), piece))
    .join(given)
}

function literally(text: string): RegExp {
  return new RegExp(escaped(text), 'gi')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
