import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { takeOverItems, type QueueItems } from '../../plugins/haraka/queue-items.js'
import type { HarakaTimer } from '../../plugins/haraka/outbound-types.js'
import type { HarakaPlugin } from '../../plugins/haraka/types.js'
import { tempDir } from '../support/cleanup.js'

const FILE = '1700000000000_4000000000000_0_10_aaaaaa_1_host'

/** What takeOverItems uses of Haraka's modules, behaving as theirs do (test/plugins/haraka-members.test.ts). */
class Item extends EventEmitter {
  refcount = 1
  todo: unknown = { rcpt_to: [] }
  mxlist: unknown[] = []
  next_cb = (): void => undefined
  constructor(
    readonly filename: string,
    readonly path: string,
  ) {
    super()
    made.push(this)
  }
  discard(): void {
    this.refcount--
  }
  double_bounce(reason: string): void {
    events.push(`haraka double_bounce ${reason}`)
  }
  temp_fail(reason: string): void {
    assert.fail(`Haraka's own temp_fail counts tries: ${reason}`)
  }
  try_deliver(): void {
    pool.get_client(this.mxlist.shift(), () => undefined)
  }
}

let made: Item[]
let events: string[]
/** Files that are in the line already. */
let kept: Set<string>
let pool: { get_client: (mx: unknown, callback: (error: string | null, socket: null) => void) => void }

describe('what Haraka does with its queue files', () => {
  let items: QueueItems
  let directory: string
  let queue: {
    queue_dir: string
    delivery_queue: { push: (item: Item) => void }
    temp_fail_queue: { queue: HarakaTimer[]; length(): number; drain(): void }
    _add_file: (file: string) => Promise<string>
  }
  let outbound: { flush_queue: (domain?: string) => Promise<void> }
  let Class: typeof Item

  beforeEach(() => {
    ;[made, events, kept] = [[], [], new Set()]
    directory = tempDir('items')
    Class = class extends Item {}
    // The suite writes to the prototype: each test has one of its own.
    Object.defineProperties(Class.prototype, {
      ...Object.getOwnPropertyDescriptors(Item.prototype),
      constructor: { value: Class },
    })
    pool = {
      get_client: (_mx, callback) => {
        callback('connection refused', null)
      },
    }
    queue = {
      queue_dir: directory,
      delivery_queue: { push: (item) => events.push(`in line ${item.filename}`) },
      temp_fail_queue: { queue: [], length: () => 0, drain: () => undefined },
      _add_file: () => assert.fail('Haraka would load it into memory'),
    }
    outbound = { flush_queue: () => assert.fail('Haraka would send twice') }
    const modules: Record<string, unknown> = {
      'outbound/queue': queue,
      'outbound/hmail': Class,
      'outbound/client_pool': pool,
      outbound,
    }
    items = takeOverItems({ haraka_require: (name: string) => modules[name] } as unknown as HarakaPlugin, {
      queued: ({ filename }) => {
        events.push(`queued ${filename}`)
        return !kept.has(filename)
      },
      failed: (_hmail, reason) => events.push(`failed ${reason}`),
      gone: (file) => events.push(`gone ${file}`),
      waits: (file, dueMs) => events.push(`waits ${file} ${dueMs}`),
      due: (file) => events.push(`due ${file}`),
      flush: (domain) => events.push(`flush ${domain}`),
    })
  })
  const item = (properties: Partial<Item> = {}): Item =>
    Object.assign(new Class(FILE, path.join(directory, FILE)), properties)

  it('is seen when a file comes into the line, before Haraka has it', () => {
    queue.delivery_queue.push(item())
    assert.deepEqual(events, [`queued ${FILE}`, `in line ${FILE}`])
  })

  it('does not come into the line when it is there already', () => {
    kept.add(FILE)
    queue.delivery_queue.push(item())
    assert.deepEqual(events, [`queued ${FILE}`])
  })

  it('does not come into the line when its header could not be read: it waits, and would never be ready', () => {
    const unread = item({ todo: null })
    unread.temp_fail('EMFILE')
    queue.delivery_queue.push(unread)
    assert.deepEqual(events, ['failed EMFILE'])
  })

  it('is a timer and nothing else for the queue of an earlier process, due or not', async () => {
    assert.equal(await queue._add_file(FILE), FILE)
    await queue._add_file(FILE.replace('4000000000000', '1'))
    assert.equal(made.length, 0)
    assert.deepEqual(queue.temp_fail_queue.length(), 2)
    // The clock may go on between Haraka's look at it and ours.
    assert.match(events[0] ?? '', /^waits .* 4000000000\d{3}$/)
  })

  it('is a flush of ours when haraka --qflush names a domain, and every timer when it names none', async () => {
    await queue._add_file(FILE)
    events = []
    await outbound.flush_queue('Example.com')
    assert.deepEqual(events, ['flush Example.com'])
    await outbound.flush_queue()
    await outbound.flush_queue('')
    assert.deepEqual(events, ['flush Example.com', `due ${FILE}`])
  })

  it('is seen when a file is removed: when the last that needs it has let go', () => {
    const shared = item({ refcount: 2 })
    shared.discard()
    assert.deepEqual(events, [])
    shared.discard()
    assert.deepEqual([events, shared.refcount], [[`gone ${FILE}`], 0])
  })

  it('is seen when a report cannot be sent', () => {
    item().double_bounce('no sender')
    assert.deepEqual(events, ['haraka double_bounce no sender', `gone ${FILE}`])
  })

  describe('when an attempt fails', () => {
    const said = {
      dsn_smtp_code: 450,
      dsn_smtp_extc: '4.2.0',
      dsn_smtp_response: 'mailbox busy',
      dsn_remote_mta: 'mx.example.com',
    }
    const rows: readonly [string, readonly object[], string][] = [
      ["the remote's own words are the reason", [said], '450 4.2.0 mailbox busy (mx.example.com)'],
      ['the first recipient for whom it said something counts', [{}, said], '450 4.2.0 mailbox busy (mx.example.com)'],
      ['what it left out is left out', [{ dsn_smtp_code: '421' }], '421'],
      ["without words Haraka's are taken", [{}], 'DNS lookup failure'],
    ]
    for (const [sentence, recipients, expected] of rows) {
      it(sentence, () => {
        item({ todo: { rcpt_to: recipients } }).temp_fail('DNS lookup failure')
        assert.deepEqual(events, [`failed ${expected}`])
      })
    }

    it('a host that cannot be reached is named in place of "Tried all MXs"', () => {
      const one = item({ mxlist: [{ exchange: '192.0.2.1', port: 25 }] })
      one.try_deliver()
      one.temp_fail('Tried all MXs')
      assert.deepEqual(events, ['failed [192.0.2.1]:25: connection refused'])
    })

    it('before its header was read, that is no matter', () => {
      item({ todo: null }).temp_fail('Error reading queue file')
      assert.deepEqual(events, ['failed Error reading queue file'])
    })
  })

  describe('when we load a file', () => {
    it('it comes into the line when its header is read', async () => {
      const started = items.start(FILE)
      made[0]?.emit('ready')
      assert.equal(await started, true)
      assert.deepEqual(events, [`queued ${FILE}`, `in line ${FILE}`])
      assert.equal(made[0]?.path, path.join(directory, FILE))
    })

    it('it is lost when it is no queue file', async () => {
      const started = items.start(FILE)
      made[0]?.emit('error', 'zero bytes')
      assert.equal(await started, false)
    })

    it('it is lost when it is gone: Haraka then calls next_cb', async () => {
      const started = items.start(FILE)
      made[0]?.next_cb()
      assert.equal(await started, false)
      assert.deepEqual(events, [])
    })
  })

  it('a file is removed, and one that is gone already is no error, but one that cannot be is', async () => {
    writeFileSync(path.join(directory, FILE), 'x')
    await items.remove(FILE)
    assert.equal(existsSync(path.join(directory, FILE)), false)
    await items.remove(FILE)
    mkdirSync(path.join(directory, FILE))
    await assert.rejects(items.remove(FILE), /EISDIR|EPERM/)
  })
})
