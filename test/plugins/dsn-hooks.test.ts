import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeEach, describe, it } from 'node:test'
import { cont, ok } from 'haraka-constants'
import type { DsnSettings } from '../../lib/dsn/make-report.js'
import { DSN_NOTE, makeNote, readNote } from '../../lib/dsn/note.js'
import type { Notify } from '../../lib/dsn/params.js'
import { DEFAULT_TEXTS } from '../../lib/dsn/texts.js'
import { attachDsn } from '../../plugins/dsn/hooks.js'
import type { NextHopListener } from '../../plugins/haraka/next-hops.js'
import type { HarakaHmail, HarakaTodo } from '../../plugins/haraka/outbound-types.js'
import type { HarakaPlugin, Next } from '../../plugins/haraka/types.js'
import type { Shared } from '../../plugins/shared.js'
import { readReport, type ReadReport } from '../dsn/read-report.js'
import { tempDir } from '../support/cleanup.js'
import { ADDRESS_CLASSES } from './addresses.js'

const BOB = 'bob@example.com'
const MESSAGE = 'From: ann@domain1.com\r\nSubject: Lunch\r\n\r\n..Today?\r\n'
const SAID = { dsn_smtp_code: 550, dsn_smtp_extc: '5.1.1', dsn_smtp_response: 'no', dsn_remote_mta: 'mx.example.com' }
const [, Address] = ADDRESS_CLASSES[0] ?? assert.fail()

/** What happened, in order. */
let events: string[]
let logged: string[]
let reports: { readonly todo: HarakaTodo; readonly read: ReadReport }[]
/** Haraka's queue takes no file. */
let isFull: boolean
let reached: NextHopListener
let hooks: Record<string, (next: Next, hmail: HarakaHmail, parameters?: unknown) => void>
let settings: DsnSettings
let isGivenUp: boolean
let priorities: number[]
let directory: string

/** Runs a hook; resolves to what it answered. */
function run(hook: string, hmail: HarakaHmail, parameters?: unknown): Promise<number | undefined> {
  const { promise, resolve } = withResolvers<number | undefined>()
  const method = hooks[`dmail_dsn_${hook}`] ?? assert.fail(hook)
  method(
    (retval) => {
      events.push('answered')
      resolve(retval)
    },
    hmail,
    parameters,
  )
  return promise
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

function queued(
  notify: Notify | undefined,
  {
    from = 'ann@domain1.com',
    left = {},
    doubleBounce = false,
  }: { from?: string; left?: object; doubleBounce?: boolean } = {},
): HarakaHmail {
  const file = path.join(directory, 'message')
  writeFileSync(file, MESSAGE)
  const party = { given: BOB, ...(notify === undefined ? {} : { notify }) }
  const note = makeNote(doubleBounce ? { doubleBounce } : { ret: 'FULL', envid: 'QQ1' }, [
    { address: BOB, parties: [party] },
  ])
  return {
    todo: {
      mail_from: new Address(`<${from}>`),
      rcpt_to: [Object.assign(new Address(`<${BOB}>`), left)],
      notes: { [DSN_NOTE]: note },
      uuid: 'A1.1',
      queue_time: Date.UTC(2026, 10, 3),
    },
    path: file,
    data_start: 0,
    file_size: MESSAGE.length,
    num_failures: 1,
    refcount: 1,
    loginfo: () => undefined,
    logwarn: (line: string) => logged.push(line),
    logerror: (line: string) => logged.push(line),
  } as unknown as HarakaHmail
}

beforeEach(() => {
  ;[events, logged, reports, isFull, isGivenUp, priorities] = [[], [], [], false, false, []]
  directory = tempDir('dsn-hooks')
  settings = {
    wholeMessage: false,
    maxBytes: 1024,
    texts: DEFAULT_TEXTS,
    successFrom: () => true,
    doubleBounces: true,
    sysadmin: 'admin@domain1.com',
  }
  const outbound = {
    net_utils: { get_primary_host_name: () => 'mail.domain1.com' },
    TODOItem: class {
      constructor(
        readonly domain: string,
        readonly rcpt_to: unknown,
        source: object,
      ) {
        Object.assign(this, source, { rcpt_to })
      }
    },
    async process_delivery(
      files: string[],
      todo: HarakaTodo & { message_stream: { pipe(to: PassThrough): void } },
      items: unknown[],
    ) {
      if (isFull) throw new Error('ENOSPC')
      const pass = new PassThrough()
      todo.message_stream.pipe(pass)
      reports.push({ todo, read: readReport(Buffer.from((await text(pass)).replace(/^\.\./gm, '.'))) })
      files.push('report')
      items.push('report')
      events.push('written')
    },
    delivery_queue: { push: () => events.push('started') },
  }
  const plugin = {
    register_hook: (_hook: string, _method: string, priority?: number) => priorities.push(priority ?? 0),
    haraka_require: (name: string) => (name === 'outbound' ? outbound : { queue_dir: directory }),
  } as unknown as HarakaPlugin
  hooks = plugin as unknown as typeof hooks
  const shared = {
    attached: new Set(['runner']),
    live: { current: () => Promise.resolve({ dsn: settings }) },
    care: () => ({
      onReached: (listener: NextHopListener) => {
        reached = listener
      },
      isGivenUp: () => isGivenUp,
      expiryOf: () => Date.UTC(2026, 10, 6),
      waitAgain(hmail: HarakaHmail, seconds: number, reason: string) {
        events.push(`waits ${seconds} s: ${reason}`)
        // Haraka then runs the deferred hooks.
        later = run('deferred', hmail)
      },
    }),
  } as unknown as Shared
  attachDsn(plugin, shared)
})

/** The hook that followed. */
let later: Promise<number | undefined> | undefined

describe('a queue file that failed for good', () => {
  it('is reported to its sender before it goes', async () => {
    assert.equal(await run('bounce', queued(undefined, { left: SAID })), ok)
    assert.deepEqual(events, ['written', 'started', 'answered'])
    const [{ todo, read }] = reports as [(typeof reports)[number]]
    assert.equal(todo.mail_from.original, '<>')
    assert.deepEqual(
      todo.rcpt_to.map(({ original }) => original),
      ['<ann@domain1.com>'],
    )
    assert.equal(read.message.get('original-envelope-id'), 'QQ1')
    assert.equal(read.groups[0]?.get('status'), '5.1.1')
    // RET=FULL, without dot-stuffing.
    assert.equal(read.returned.toString(), MESSAGE.replace('..', '.'))
  })

  it('is reported with what it waited for when it was given up', async () => {
    isGivenUp = true
    await run('bounce', queued(undefined, { left: { dsn_smtp_code: 452, dsn_smtp_extc: '4.2.2' } }))
    assert.equal(reports[0]?.read.groups[0]?.get('status'), '5.2.2')
  })

  it('goes without a word where the sender wants none', async () => {
    assert.equal(await run('bounce', queued('never', { left: SAID })), ok)
    assert.deepEqual(events, ['answered'])
  })

  it('without a sender is told to sysadmin, in a report that is the last (N6)', async () => {
    await run('bounce', queued(undefined, { from: '', left: SAID }))
    assert.deepEqual(
      reports[0]?.todo.rcpt_to.map(({ original }) => original),
      ['<admin@domain1.com>'],
    )
    assert.equal(readNote(reports[0].todo.notes[DSN_NOTE])?.doubleBounce, true)
  })

  it('that is such a report itself is told to nobody, but to the log', async () => {
    assert.equal(await run('bounce', queued(undefined, { from: '', left: SAID, doubleBounce: true })), ok)
    assert.deepEqual([reports, events], [[], ['answered']])
    assert.match(logged.join('\n'), /double bounce, nobody is told: failed bob@example\.com/)
  })

  it('without a sender is told to nobody where the operator wants none', async () => {
    settings = { ...settings, doubleBounces: false }
    await run('bounce', queued(undefined, { from: '', left: SAID }))
    assert.deepEqual(reports, [])
    assert.match(logged.join('\n'), /double bounce, nobody is told/)
  })

  it('stays and waits when its report cannot be written, and that is no delay to tell of', async () => {
    isFull = true
    const hmail = queued(['failure', 'delay'], { left: SAID })
    assert.equal(await run('bounce', hmail), ok)
    // By then there may be room again.
    isFull = false
    assert.equal(await later, cont)
    assert.equal(hmail.refcount, 2)
    assert.deepEqual(events, ['answered', 'waits 300 s: the report of its failure cannot be written', 'answered'])
    assert.match(logged.join('\n'), /the report of a failure cannot be written: .*ENOSPC/)
    assert.deepEqual(reports, [])
  })
})

describe('a queue file that waits', () => {
  it('is reported at its first deferral, with the time it is given up', async () => {
    assert.equal(await run('deferred', queued(['delay'])), cont)
    const [group] = reports[0]?.read.groups ?? []
    assert.equal(group?.get('action'), 'delayed')
    assert.equal(group.get('will-retry-until'), 'Fri, 6 Nov 2026 00:00:00 +0000')
    assert.deepEqual(events, ['written', 'started', 'answered'])
  })

  it('waits all the same when no report can be written', async () => {
    isFull = true
    assert.equal(await run('deferred', queued(['delay'])), cont)
    assert.match(logged.join('\n'), /a report cannot be written: .*ENOSPC/)
  })
})

describe('a queue file that was taken', () => {
  const parameters = (hmail: HarakaHmail): unknown[] => {
    return ['mx.example.com', '192.0.2.1', 'queued', 1, 25, 'SMTP', hmail.todo.rcpt_to]
  }

  it('is reported as relayed by a next hop without DSN', async () => {
    const hmail = queued(['success'])
    reached(hmail, () => false)
    assert.equal(await run('delivered', hmail, parameters(hmail)), cont)
    assert.equal(reports[0]?.read.groups[0]?.get('action'), 'relayed')
    // RET is for failures.
    assert.equal(reports[0].read.returnedType, 'text/rfc822-headers')
  })

  it('is not reported by one with DSN, which was given the parameters', async () => {
    const hmail = queued(['success'])
    reached(hmail, (keyword) => keyword === 'DSN')
    const [bob] = hmail.todo.rcpt_to as unknown as { format(ascii: boolean): string }[]
    assert.equal(bob?.format(true), `<${BOB}> NOTIFY=SUCCESS`)
    assert.equal(await run('delivered', hmail, parameters(hmail)), cont)
    assert.deepEqual(reports, [])
  })

  it('is gone all the same when no report can be written', async () => {
    isFull = true
    const hmail = queued(['success'])
    assert.equal(await run('delivered', hmail, parameters(hmail)), cont)
    assert.match(logged.join('\n'), /a report cannot be written: .*ENOSPC/)
  })
})

it('hooks of others that only look on run first', () => {
  assert.deepEqual(priorities.slice(-3), [90, 90, 90])
})
