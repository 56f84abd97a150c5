import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Outcome } from '../../lib/delivery/types.js'
import type { Notify } from '../../lib/dsn/params.js'
import { planMessage, type Plan, type RoutedRecipient } from '../../lib/spool/plan.js'
import { by, copy, discard, file, mailbox, recipient, refused, remote, robot } from './support.js'
import { accept } from './scene.js'

const DEFERRED: Outcome = { state: 'deferred', status: '4.2.0', text: 'busy', detail: '/var/in/bob.lock is held' }
const FAILED: Outcome = { state: 'failed', status: '5.2.0', text: 'no such mailbox', detail: '/var/in/bob is a link' }

const bob = recipient('bob@domain1.com', mailbox('bob'))
const fred = recipient('fred@domain1.com', mailbox('fred'))
const sales = recipient('sales@domain1.com', robot('drespond'))
const away = recipient('john@domain1.com', by('john@domain1.com', remote('john@domain2.com')))
const log = recipient('log@domain1.com', file('/var/log/mail'))

function plan(...recipients: Parameters<typeof planMessage>[0]): Plan {
  return planMessage(recipients, { allowDuplicates: true, deliveredTo: [] })
}

describe('accepting a message', () => {
  it('puts what can be taken back into the queue first, then writes, then starts the queue', async () => {
    const { calls, started, queued, synced, answer } = await accept(plan(bob, sales, away, log))
    assert.deepEqual(calls, [
      'relay john@domain2.com',
      'hold drespond',
      'deliver /var/in/bob',
      'deliver /var/log/mail',
      'sync',
    ])
    assert.deepEqual(started, [...queued])
    assert.ok(synced)
    assert.deepEqual(answer, { queued: true, reply: { code: 250, enhanced: '2.0.0', text: 'Message accepted' } })
  })

  it('needs no queue for drop files alone', async () => {
    const { calls, answer } = await accept(plan(bob))
    assert.deepEqual(calls, ['deliver /var/in/bob'])
    assert.ok(answer.queued)
  })

  it('is no work where all is discarded', async () => {
    const { calls, answer } = await accept(plan(recipient('bob@domain1.com', discard)))
    assert.deepEqual(calls, [])
    assert.ok(answer.queued)
  })

  it('reports a failure beside discarded mail: that recipient is served', async () => {
    const { queued, answer } = await accept(plan(recipient('bob@domain1.com', discard), fred), {
      outcomes: { '/var/in/fred': FAILED },
    })
    assert.deepEqual([...queued], ['report fred@domain1.com 5.2.0'])
    assert.ok(answer.queued)
  })

  it('keeps a busy drop file for later', async () => {
    const { queued, started, kept, answer } = await accept(plan(bob, fred), { outcomes: { '/var/in/bob': DEFERRED } })
    assert.deepEqual([...queued], ['/var/in/bob'])
    assert.deepEqual(started, ['/var/in/bob'])
    assert.deepEqual(kept, ['/var/in/fred'])
    assert.ok(answer.queued)
  })

  it('accepts what can only be kept for later', async () => {
    const { queued, synced, answer } = await accept(plan(bob), { outcomes: { '/var/in/bob': DEFERRED } })
    assert.deepEqual([...queued], ['/var/in/bob'])
    assert.ok(synced && answer.queued)
  })

  it('reports one that failed and keeps the others', async () => {
    const { queued, kept, answer } = await accept(plan(bob, fred), { outcomes: { '/var/in/bob': FAILED } })
    assert.deepEqual(kept, ['/var/in/fred'])
    assert.deepEqual([...queued], ['report bob@domain1.com 5.2.0'])
    assert.ok(answer.queued)
  })

  it('reports a recipient that cannot be served any more beside one that waits', async () => {
    const { queued, answer } = await accept(plan(refused('nobody@domain1.com', 'unknownUser'), bob), {
      outcomes: { '/var/in/bob': DEFERRED },
    })
    assert.deepEqual([...queued].sort(), ['/var/in/bob', 'report nobody@domain1.com 5.1.1'])
    assert.ok(answer.queued)
  })

  it('refuses what failed altogether, in the words of the first failure', async () => {
    const { queued, calls, answer } = await accept(plan(bob, fred), {
      outcomes: { '/var/in/bob': FAILED, '/var/in/fred': FAILED },
    })
    assert.deepEqual(answer, { queued: false, reply: { code: 550, enhanced: '5.2.0', text: 'no such mailbox' } })
    assert.equal(queued.size, 0)
    assert.ok(!calls.some((call) => call.startsWith('hold')))
  })

  it('refuses a loop before anything is done', async () => {
    const looping = planMessage([bob], { allowDuplicates: true, deliveredTo: ['bob@domain1.com'] })
    const { calls, answer } = await accept(looping)
    assert.deepEqual(calls, [])
    assert.equal(`${answer.reply.code} ${answer.reply.enhanced}`, '550 5.4.6')
  })

  it('shows the sender no path, the log every outcome', async () => {
    const { answer, logged } = await accept(plan(bob), { outcomes: { '/var/in/bob': FAILED } })
    assert.doesNotMatch(answer.reply.text, /\//)
    assert.deepEqual(logged, ['warn: failed bob@domain1.com to mailbox /var/in/bob: 5.2.0 /var/in/bob is a link'])
  })

  it('writes at most 16 drop files at once', async () => {
    const users = Array.from({ length: 40 }, (_, at) => recipient(`u${at}@domain1.com`, mailbox(`u${at}`)))
    const { mostRunning, kept, answer } = await accept(plan(...users))
    assert.equal(mostRunning, 16)
    assert.equal(kept.length, 40)
    assert.ok(answer.queued)
  })
})

describe('a fault anywhere', () => {
  const everything = plan(refused('nobody@domain1.com', 'unknownUser'), away, sales, bob, fred, log)
  const outcomes = { '/var/in/bob': DEFERRED, '/var/in/fred': FAILED }
  const CALLS = [
    'relay john@domain2.com',
    'hold drespond',
    'deliver /var/in/bob',
    'deliver /var/in/fred',
    'deliver /var/log/mail',
    'hold /var/in/bob',
    'hold report nobody@domain1.com 5.1.1, fred@domain1.com 5.2.0',
    'sync',
  ]

  it('these are all the places', async () => {
    const { calls } = await accept(everything, { outcomes })
    assert.deepEqual(calls, CALLS)
  })

  CALLS.forEach((name, index) => {
    it(`in "${name}": the sender comes again, nothing of the queue stays`, async () => {
      const { calls, queued, started, answer, logged } = await accept(everything, {
        outcomes,
        failAt: index + 1,
      })
      assert.deepEqual(answer, {
        queued: false,
        reply: {
          code: 451,
          enhanced: '4.3.0',
          text: 'The message could not be stored just now, please send it again later',
        },
      })
      assert.ok(calls.includes(name))
      assert.deepEqual([...queued], [])
      assert.deepEqual(started, [])
      assert.ok(logged.some((line) => line.startsWith(`error: message not accepted: fault in ${name}`)))
    })
  })

  it('is told with the number of copies that will come twice', async () => {
    const { logged } = await accept(everything, { outcomes, failAt: CALLS.length })
    assert.match(logged.join('\n'), /\(2 copies went out and will come again with the next try\)/)
  })

  it('while taking back another changes nothing', async () => {
    const { answer, started } = await accept(everything, { outcomes, failAt: CALLS.length, cancelFails: true })
    assert.equal(answer.reply.code, 451)
    assert.deepEqual(started, [])
  })

  it('of one reader does not stop the others before they are done', async () => {
    const { calls, answer } = await accept(plan(bob, fred, log), { failAt: 1 })
    assert.deepEqual(calls, ['deliver /var/in/bob', 'deliver /var/in/fred', 'deliver /var/log/mail'])
    assert.ok(!answer.queued)
  })
})

describe('reports of an accepted message', () => {
  /** The same recipient, whose sender wants this. */
  const asking = (notify: Notify, one: RoutedRecipient): RoutedRecipient => ({
    ...one,
    parties: one.parties.map((party) => ({ ...party, notify })),
  })
  const list = recipient('list@domain1.com', mailbox('fred'), mailbox('john'))

  it('of success is in the queue before the 250, when it was asked for', async () => {
    const { calls, started, synced, answer } = await accept(plan(asking(['success'], bob), fred))
    assert.deepEqual(calls, [
      'deliver /var/in/bob',
      'deliver /var/in/fred',
      'hold report bob@domain1.com 2.0.0',
      'sync',
    ])
    assert.deepEqual(started, ['report bob@domain1.com 2.0.0'])
    assert.ok(synced && answer.queued)
  })

  it('of a list tells of it once, and not of its members', async () => {
    const { queued } = await accept(plan(asking(['success'], list)))
    assert.deepEqual([...queued], ['report list@domain1.com 2.0.0'])
  })

  it('of a list tells of members that failed', async () => {
    const { queued } = await accept(plan(asking(['success', 'failure'], list)), {
      outcomes: { '/var/in/fred': FAILED },
    })
    assert.deepEqual([...queued], ['report list@domain1.com 2.0.0, list@domain1.com 5.2.0'])
  })

  it('of what waits comes later', async () => {
    const { queued } = await accept(plan(asking(['success'], bob)), { outcomes: { '/var/in/bob': DEFERRED } })
    assert.deepEqual([...queued], ['/var/in/bob'])
  })

  it('of discarded mail does not come', async () => {
    const { queued, answer } = await accept(plan(asking(['success'], recipient('bob@domain1.com', discard))))
    assert.deepEqual([...queued], [])
    assert.ok(answer.queued)
  })

  it('of a refusal is the refusal', async () => {
    const { queued, answer } = await accept(plan(asking(['success', 'failure'], bob)), {
      outcomes: { '/var/in/bob': FAILED },
    })
    assert.deepEqual([...queued], [])
    assert.equal(answer.reply.code, 550)
  })

  it('of success that cannot be written is no reason to deliver everything again', async () => {
    const { calls, kept, queued, started, logged, answer } = await accept(plan(asking(['success'], bob), sales), {
      failAt: 3,
    })
    assert.deepEqual(calls, ['hold drespond', 'deliver /var/in/bob', 'hold report bob@domain1.com 2.0.0', 'sync'])
    assert.deepEqual([kept, [...queued], started], [['/var/in/bob'], ['drespond'], ['drespond']])
    assert.ok(answer.queued)
    assert.ok(logged.includes('error: no report of success: fault in hold report bob@domain1.com 2.0.0'))
  })

  it('of a failure that cannot be written: the sender comes again', async () => {
    const { queued, started, answer } = await accept(plan(asking(['success', 'failure'], bob), sales), {
      outcomes: { '/var/in/bob': FAILED },
      failAt: 3,
    })
    assert.deepEqual([[...queued], started], [[], []])
    assert.equal(`${answer.reply.code} ${answer.reply.enhanced}`, '451 4.3.0')
  })

  it('of a failure beside success that cannot be written: the sender comes again', async () => {
    const { answer, logged } = await accept(plan(asking(['success'], bob), fred), {
      outcomes: { '/var/in/fred': FAILED },
      failAt: 3,
    })
    assert.equal(answer.reply.code, 451)
    assert.match(logged.join('\n'), /1 copies went out and will come again/)
  })
})

describe('nothing is acknowledged that is not kept', () => {
  const everything = plan(away, sales, bob, fred, log)
  const wanted = ['john@domain2.com', 'drespond', '/var/in/bob', '/var/in/fred', '/var/log/mail']

  for (const first of ['delivered', 'deferred', 'failed'] as const) {
    for (const second of ['delivered', 'deferred', 'failed'] as const) {
      it(`with one ${first} and one ${second}`, async () => {
        const outcome = { delivered: { state: 'delivered' }, deferred: DEFERRED, failed: FAILED } as const
        const { kept, queued, started, synced, answer } = await accept(everything, {
          outcomes: { '/var/in/bob': outcome[first], '/var/in/fred': outcome[second] },
        })
        assert.ok(answer.queued && synced)
        assert.deepEqual(started.sort(), [...queued].sort())
        for (const [user, state] of [
          ['bob', first],
          ['fred', second],
        ] as const) {
          const isReported = [...queued].some((name) => name.includes(`${user}@domain1.com 5.2.0`))
          assert.equal(isReported, state === 'failed')
        }
        const failed = [first, second].filter((state) => state === 'failed').length
        assert.equal(wanted.filter((name) => kept.includes(name) || queued.has(name)).length, wanted.length - failed)
      })
    }
  }

  it('a copy keeps its recipient', () => {
    assert.deepEqual(everything.immediate[0], copy('bob@domain1.com', mailbox('bob')))
  })
})
