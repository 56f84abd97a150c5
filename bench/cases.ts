/** Mailboxes `u0` to `u99` take part; `u20` and up only where a case says so. */
export const USERS = 100
const LIST = Array.from({ length: 20 }, (_, n) => `u${n}`)

export interface BenchCase {
  readonly name: string
  /** Local part of the n-th message's recipient. */
  readonly local: (n: number) => string
  /** Copies of a message that arrive. */
  readonly copies: number
  /** Part of the usual number of messages that is sent. */
  readonly share: number
  readonly bytes: number
}

const SMALL = 4 * 1024

/** The cases of `npm run bench`, in the order they run. */
export const CASES: readonly BenchCase[] = [
  { name: 'one mailbox', local: () => 'u0', copies: 1, share: 1, bytes: SMALL },
  { name: '100 mailboxes', local: (n) => `u${n % USERS}`, copies: 1, share: 1, bytes: SMALL },
  { name: 'alias 1:1', local: (n) => `a${n % USERS}`, copies: 1, share: 1, bytes: SMALL },
  { name: 'alias to 20', local: () => 'list', copies: 20, share: 0.1, bytes: SMALL },
  { name: 'forward file', local: (n) => `f${n % USERS}`, copies: 1, share: 1, bytes: SMALL },
  { name: 'robot', local: () => 'robot', copies: 1, share: 0.1, bytes: SMALL },
  { name: '10 MB message', local: () => 'u1', copies: 1, share: 0.005, bytes: 10 * 1024 * 1024 },
]

/** Lines of an alias file: `a0` to `a99` one to one, `list` to twenty, `robot` to a program. */
export function aliasLines(robot: string): string[] {
  const one = Array.from({ length: USERS }, (_, n) => `a${n}: u${n}`)
  return [...one, `list: ${LIST.join(', ')}`, `robot: ${robot}`]
}
