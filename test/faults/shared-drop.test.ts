import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeSite, queueIsEmpty, siteConf, startSite, users } from '../e2e/site.js'
import { readAppend } from '../../lib/delivery/lock-holder.js'
import type { Haraka } from '../support/haraka.js'
import { parseMbox } from '../support/mbox.js'
import { until } from '../support/wait.js'
import { stopInMidWrite } from './mid-write.js'
import { seeded, seedOfRun, type Random } from './random.js'
import { faultIni, queueTexts } from './site.js'
import { isWhole, letterMaker, sendLetters, type Letter } from './traffic.js'

const NAMES = ['bob', 'fred', 'john', 'kate', 'mary']
const LONG_AGO = new Date(Date.now() - 3_600_000)
/** Letters acknowledged before and after the kill. */
const LETTERS = 100

describe('three nodes that share their drop files, one of which is killed under load', () => {
  const site = makeSite()
  const random: Random = seeded(seedOfRun())
  const letters = letterMaker(random)
  const acknowledged = new Map<string, Letter>()
  /** Without an answer when their node was killed, or in its queue: there or not, or there twice. */
  const unanswered = new Set<string>()
  const queued = new Set<string>()
  const file = (name: string): string => site.path(`in/${name}`)
  let nodes: Haraka[] = []

  before(async () => {
    site.write('users.txt', users(...NAMES))
    nodes = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        startSite('3.3', siteConf(site, [`lock_id ${name}`]), {
          config: { 'dmail.ini': faultIni({ drop: ['lock_wait=2s'] }), 'log.ini': '[main]\nlevel=notice\n' },
        }),
      ),
    )
  })
  after(() => Promise.all(nodes.map((node) => node.stop())))

  /** For one mailbox, so that a lost answer leaves one file in doubt. */
  function letter(): Letter {
    for (;;) {
      const any = letters.any()
      if (any.copies.length === 1 && any.copies[0]?.startsWith('in/') === true) return any
    }
  }

  /** Letters for a node as long as `next` has some; a dead node takes no more. */
  async function send(node: Haraka, next: () => Letter | undefined, abandoned?: Promise<never>): Promise<void> {
    const { again, wrong } = await sendLetters(node.port, {
      next,
      acknowledged: ({ id, ...rest }) => acknowledged.set(id, { id, ...rest }),
      ...(abandoned === undefined ? {} : { abandoned }),
    })
    assert.deepEqual(wrong, [])
    for (const { id } of again) unanswered.add(id)
  }

  function idsIn(name: string): string[] {
    return parseMbox(readFileSync(file(name), 'utf8')).map((message) => {
      const id = message.header('Message-ID') ?? ''
      assert.ok(isWhole(message.body), `${name}: the message ${id} is torn`)
      return id
    })
  }

  it('what was acknowledged is there once, nothing is torn, and the dead node\u2019s lock counts until it is old', async () => {
    const [one, two, three] = nodes
    assert.ok(one && two && three)

    const rush: Letter[] = []
    let dead = false
    let abandon: (reason: Error) => void = () => undefined
    const abandoned = new Promise<never>((_resolve, reject) => {
      abandon = reject
    })
    abandoned.catch(() => undefined)
    let target = Number.POSITIVE_INFINITY
    const living = (): Letter | undefined => (dead && acknowledged.size >= target ? undefined : letter())
    const load = Promise.all([
      send(one, living),
      send(two, living),
      send(three, () => (dead ? undefined : (rush.shift() ?? letter())), abandoned),
    ])
    await until(() => acknowledged.size >= LETTERS, { otherwise: () => `${acknowledged.size} letters acknowledged` })
    await stopInMidWrite(three, file('bob'), () => {
      const large = letters.large()
      rush.push(large)
      return () => acknowledged.has(large.id)
    })
    dead = true
    three.kill('SIGKILL', 'all')
    await three.exited()
    abandon(new Error('the node is dead'))
    for (const text of queueTexts(three)) queued.add(/^Message-ID: (.*)\r$/im.exec(text)?.[1] ?? '')

    const lock = readFileSync(`${file('bob')}.lock`, 'utf8')
    assert.equal(lock.split('\n')[2], 'three')
    const { from = 0, to } = readAppend(lock) ?? {}
    const torn = readFileSync(file('bob'))
    assert.ok(to === undefined && torn.length > from)
    target = acknowledged.size + LETTERS
    await load
    // The others went on, and those for bob wait in their queues.
    assert.equal(readFileSync(`${file('bob')}.lock`, 'utf8'), lock)
    assert.ok(readFileSync(file('bob')).equals(torn), 'nobody wrote while the lock was young')
    for (const name of NAMES.slice(1)) idsIn(name)
    assert.ok([one, two].some((node) => queueTexts(node).some((text) => text.includes('bob@domain1.com'))))

    for (const name of NAMES) {
      if (existsSync(`${file(name)}.lock`) && readFileSync(`${file(name)}.lock`, 'utf8').split('\n')[2] === 'three') {
        utimesSync(`${file(name)}.lock`, LONG_AGO, LONG_AGO)
      }
    }
    await Promise.all([one, two].map(queueIsEmpty))
    const aside = readdirSync(site.path('in')).filter((name) => name.startsWith('.torn-bob-'))
    assert.equal(aside.length, 1)
    assert.ok(readFileSync(path.join(site.path('in'), aside[0] ?? '')).equals(torn.subarray(from)))
    assert.ok(readFileSync(file('bob')).subarray(0, from).equals(torn.subarray(0, from)))

    // What it had acknowledged and not written yet is in its queue.
    await three.restart()
    await queueIsEmpty(three)
    const wrong: string[] = []
    for (const name of NAMES) {
      const counts = new Map<string, number>()
      for (const id of idsIn(name)) counts.set(id, (counts.get(id) ?? 0) + 1)
      for (const { id, copies } of acknowledged.values()) {
        if (copies[0] !== `in/${name}`) continue
        const count = counts.get(id) ?? 0
        if (count === 0 || (count > 1 && !queued.has(id))) wrong.push(`${name} has ${count} of ${id}`)
      }
      for (const [id, count] of counts) {
        if (!acknowledged.has(id) && (!unanswered.has(id) || count > 1))
          wrong.push(`${name} has ${count} of ${id}, unsent`)
      }
    }
    assert.deepEqual(wrong, [])
    assert.deepEqual(
      readdirSync(site.path('in')).filter((name) => name.endsWith('.lock')),
      [],
    )
    assert.ok(statSync(file('bob')).size > 0)
  })
})
