import { getentEntry } from './getent.js'
import { parseAccount, type Account } from './passwd.js'

/** The account of that name, by the name service (U6); undefined when there is none or it cannot be asked. */
export async function findAccount(name: string, timeoutMs: number): Promise<Account | undefined> {
  const entry = await getentEntry('passwd', name, {
    getent: 'getent',
    files: { passwd: '/etc/passwd', group: '/etc/group' },
    timeoutMs,
    signal: new AbortController().signal,
  })
  return entry.kind === 'line' ? parseAccount(entry.line) : undefined
}
