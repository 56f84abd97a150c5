import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readItem, type SpooledItem } from '../../lib/spool/item.js'
import { copy, file, mailbox, robot } from './support.js'

/** What a queue file makes of a note. */
function throughDisk(item: unknown): unknown {
  return JSON.parse(JSON.stringify(item))
}

function deliver(destination: ReturnType<typeof mailbox>): SpooledItem {
  const { original, found } = copy('sales@domain1.com', destination, 'bob@domain1.com')
  const work = { kind: 'deliver', copy: { original, found, destination } } as const
  return { version: 1, work, clientIp: '192.0.2.1', messageId: '<1@domain1.com>' }
}

const owned = { ...mailbox('bob'), owner: { uid: 1000, gid: 8 } }

describe('a queue file', () => {
  const items: Record<string, SpooledItem> = {
    'a mailbox': deliver(mailbox('bob')),
    'a mailbox with an owner': deliver(owned),
    'a robot': deliver({ kind: 'robot', argv: ['/usr/bin/drespond', '-d', '', 'two words'] }),
    'a robot without arguments': deliver(robot('drespond')),
    'a file': deliver(file('/var/log/mail')),
  }
  for (const [name, item] of Object.entries(items)) {
    it(`keeps ${name}`, () => {
      assert.deepEqual(readItem(throughDisk(item)), item)
    })
  }

  it('keeps any', () => {
    const text = fc.string()
    const plain = { noNullPrototype: true }
    const destination = fc.oneof(
      fc.record({ kind: fc.constant('file' as const), path: text }, plain),
      fc.record({ kind: fc.constant('robot' as const), argv: fc.tuple(text, text, text) }, plain),
      fc.record({ kind: fc.constant('mailbox' as const), user: text, path: text, root: text }, plain),
    )
    fc.assert(
      fc.property(destination, text, text, text, text, (place, original, found, clientIp, messageId) => {
        const item = { version: 1, work: { kind: 'deliver', copy: { original, found, destination: place } } }
        assert.deepEqual(readItem(throughDisk({ ...item, clientIp, messageId })), { ...item, clientIp, messageId })
      }),
    )
  })
})

describe('a note that is none of ours', () => {
  const work = throughDisk(deliver(mailbox('bob')).work) as Record<string, unknown>
  const withDestination = (destination: unknown): unknown => ({
    version: 1,
    work: { kind: 'deliver', copy: { original: 'a', found: 'b', destination } },
  })
  const notes: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    text: 'deliver',
    'a list': [work],
    'another version': { version: 2, work },
    'no version': { work },
    'no work': { version: 1 },
    'work that is text': { version: 1, work: 'deliver' },
    'another kind of work': { version: 1, work: { ...work, kind: 'run' } },
    'no copy': { version: 1, work: { kind: 'deliver' } },
    'a copy without a destination': { version: 1, work: { kind: 'deliver', copy: {} } },
    'another kind of destination': withDestination({ kind: 'remote', path: '/x' }),
    'a file without a path': withDestination({ kind: 'file' }),
    'a file whose path is a list': withDestination({ kind: 'file', path: ['/x'] }),
    'a mailbox without a root': withDestination({ kind: 'mailbox', user: 'bob', path: '/x' }),
    'a robot without a program': withDestination({ kind: 'robot', argv: [] }),
    'a robot whose command is text': withDestination({ kind: 'robot', argv: 'rm -rf' }),
    'a robot with something else among its arguments': withDestination({ kind: 'robot', argv: ['drespond', 1, 'x'] }),
    'a robot whose program is something else': withDestination({ kind: 'robot', argv: [{}, 'evil'] }),
  }
  for (const [name, note] of Object.entries(notes)) {
    it(name, () => {
      assert.equal(readItem(note), undefined)
    })
  }

  it('an owner that is no pair of ids is no owner', () => {
    for (const owner of [null, 'root', { uid: '0', gid: 0 }, { uid: 0 }, { uid: -1, gid: -1 }, { uid: 0.5, gid: 0 }]) {
      const item = readItem(withDestination({ ...mailbox('bob'), owner }))
      assert.ok(item?.work.kind === 'deliver')
      assert.deepEqual(item.work.copy.destination, mailbox('bob'))
    }
  })

  it('anything at all is read or not, without a throw', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (note, destination) => {
        readItem(note)
        readItem({ version: 1, work: note })
        readItem(withDestination(destination))
      }),
    )
  })
})
