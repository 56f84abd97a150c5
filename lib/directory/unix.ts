import { systemClock, type Clock } from '../clock.js'
import { getentEntry, type Entry } from './getent.js'
import { parseAccount, parseGroupId, type Account } from './passwd.js'
import { printable } from '../log.js'
import { validName } from './protocol.js'
import { sharedLookups } from './share.js'
import type { LookupResult, UserDirectory } from './types.js'
import { waitingLine } from './waiting.js'

export interface UnixOptions {
  /** Time for one look-up, and for its turn. */
  readonly timeoutMs: number
  readonly getent?: string
  readonly files?: { readonly passwd: string; readonly group: string }
  readonly clock?: Clock
}

const MAX_RUNNING = 8
const MAX_WAITING = 1_000
const MAIL_GROUP = 'mail'

/**
 * The accounts of this machine (authent_method unix_user), as getpwnam knows them (U6); system accounts are users too.
 * The drop file belongs to the user and group `mail`, where there is one (D5).
 */
export function unixDirectory(options: UnixOptions): UserDirectory {
  const { timeoutMs, clock = systemClock } = options
  const abort = new AbortController()
  const line = waitingLine<() => void>({ max: MAX_WAITING, timeoutMs, clock })
  let running = 0
  let mailGroup: { readonly gid: number | undefined } | undefined

  /** Holds one of 8 places while `work` runs. */
  function inTurn(work: () => Promise<LookupResult>): Promise<LookupResult> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        running++
        work()
          .finally(() => {
            running--
            line.take()?.()
          })
          .then(resolve, reject)
      }
      if (running < MAX_RUNNING && !abort.signal.aborted) {
        begin()
        return
      }
      line.add(begin, (detail) => {
        resolve(unavailable(detail))
      })
    })
  }

  function ask(database: 'passwd' | 'group', key: string): Promise<Entry> {
    return getentEntry(database, key, {
      getent: options.getent ?? 'getent',
      files: options.files ?? { passwd: '/etc/passwd', group: '/etc/group' },
      timeoutMs,
      signal: abort.signal,
    })
  }

  async function find(name: string): Promise<LookupResult> {
    const exact = await ask('passwd', name)
    const lower = name.toLowerCase()
    // R18: local parts are compared without regard to case; getpwnam is not.
    const entry = exact.kind === 'none' && lower !== name ? await ask('passwd', lower) : exact
    if (entry.kind === 'none') return { kind: 'unknown' }
    if (entry.kind === 'failed') return unavailable(entry.detail)
    const account = parseAccount(entry.line)
    if (account === undefined || !validName(account.name)) {
      return unavailable(`the entry "${printable(entry.line)}" for user "${name}" cannot be used`)
    }
    return withOwner(account)
  }

  async function withOwner(account: Account): Promise<LookupResult> {
    if (mailGroup === undefined) {
      const entry = await ask('group', MAIL_GROUP)
      if (entry.kind === 'failed') return unavailable(entry.detail)
      mailGroup = { gid: entry.kind === 'line' ? parseGroupId(entry.line) : undefined }
    }
    const { name, uid, gid, home } = account
    const user = { name, owner: { uid, gid: mailGroup.gid ?? gid }, fields: new Map<string, string>() }
    return { kind: 'found', user: home === undefined ? user : { ...user, home } }
  }

  return sharedLookups({
    lookup(name) {
      return validName(name) ? inTurn(() => find(name)) : Promise.resolve({ kind: 'unknown' })
    },
    clear() {
      mailGroup = undefined
    },
    close() {
      line.close()
      abort.abort()
    },
  })
}

function unavailable(detail: string): LookupResult {
  return { kind: 'unavailable', detail }
}
