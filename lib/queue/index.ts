import { createDomains, type Domains } from './domains.js'
import type { Entry, EntryHeader, Stage } from './entry.js'
import { readFileName } from './file-name.js'

/**
 * The queue files this process works on, by id and by domain. It is the memory that Haraka's timers lack: they know names of
 * files only, and a name changes with every attempt. What is asked for one domain costs in proportion to its own mail.
 */
export interface QueueIndex {
  readonly size: number
  get(id: string): Entry | undefined
  /** The entry of a file, whatever the file was called before. */
  find(file: string): Entry | undefined
  /** The entry of a file, made if there is none; undefined when its name is none of a queue file. */
  at(file: string, stage: Stage): Entry | undefined
  learn(entry: Entry, header: EntryHeader): void
  remove(entry: Entry): void
  /** In the order in which they came. */
  all(): IterableIterator<Entry>
  /** What is for this domain (folded), and with `below` for its sub-domains. */
  forDomain(domain: string, below: boolean): Entry[]
  domains(): Iterable<readonly [domain: string, entries: ReadonlySet<Entry>]>
}

export function createQueueIndex(): QueueIndex {
  const entries = new Map<string, Entry>()
  const domains: Domains<Entry> = createDomains()
  return {
    get size() {
      return entries.size
    },
    get: (id) => entries.get(id),
    find(file) {
      const name = readFileName(file)
      return name === undefined ? undefined : entries.get(name.id)
    },
    at(file, stage) {
      const name = readFileName(file)
      if (name === undefined) return undefined
      const known = entries.get(name.id)
      if (known !== undefined) return Object.assign(known, { file, stage, attempts: name.attempts })
      const entry: Entry = {
        ...name,
        file,
        stage,
        wait: 'retry',
        domain: undefined,
        local: false,
        bytes: 0,
        reason: '',
        asked: false,
        flushing: false,
      }
      entries.set(name.id, entry)
      return entry
    },
    learn(entry, { domain, local, bytes }) {
      entry.bytes = bytes
      entry.local = local
      if (entry.domain === domain || entries.get(entry.id) !== entry) return
      if (entry.domain !== undefined) domains.remove(entry.domain, entry)
      entry.domain = domain
      domains.add(domain, entry)
    },
    remove(entry) {
      if (!entries.delete(entry.id)) return
      if (entry.domain !== undefined) domains.remove(entry.domain, entry)
    },
    all: () => entries.values(),
    forDomain: (domain, below) => domains.of(domain, below),
    domains: () => domains.all(),
  }
}
