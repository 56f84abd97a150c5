import assert from 'node:assert/strict'
import { it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { makeScene, type Message, type Scene } from './scene.js'

const HOUR = 3_600_000
const DOMAINS = ['example.com', 'a.example.com', 'domain1.com']

/** What may happen to a queue, in any order. */
type Step =
  | { readonly do: 'arrives' | 'existing'; readonly domain: string }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'load' | 'begin' | 'reconsider' | 'read' | 'read fails' }
  | {
      readonly do: 'succeed' | 'fail' | 'send' | 'drop' | 'drop fails' | 'hold' | 'release' | 'vanish'
      readonly which: number
    }
  | { readonly do: 'flush'; readonly domain: string; readonly below: boolean }
  | { readonly do: 'suspend'; readonly domain: string; readonly forMs: number }
  | { readonly do: 'resume'; readonly domain: string }

const domain = fc.constantFrom(...DOMAINS)
const which = fc.nat(7)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('arrives' as const, 'existing' as const), domain }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 1000, HOUR, 3 * HOUR) }),
  fc.record({ do: fc.constantFrom('load' as const, 'load' as const, 'begin' as const, 'begin' as const) }),
  fc.record({ do: fc.constantFrom('reconsider' as const, 'read' as const, 'read fails' as const) }),
  fc.record({ do: fc.constantFrom('succeed' as const, 'fail' as const), which }),
  fc.record({ do: fc.constantFrom('send' as const, 'hold' as const, 'release' as const), which }),
  fc.record({ do: fc.constantFrom('drop' as const, 'drop fails' as const, 'vanish' as const), which }),
  fc.record({ do: fc.constant('flush' as const), domain, below: fc.boolean() }),
  fc.record({ do: fc.constant('suspend' as const), domain, forMs: fc.constantFrom(Infinity, 2 * HOUR) }),
  fc.record({ do: fc.constant('resume' as const), domain }),
)

/** What an outsider knows: who asked for what, and what was promised to be removed. */
interface Known {
  readonly asked: Set<string>
  readonly dropped: Set<string>
  /** Flushes while the queue was being read: what comes before the end of that is sent too. */
  readonly early: Flushed[]
}

interface Flushed {
  readonly domain: string
  readonly below: boolean
}

function covers(flushed: Flushed, domain: string): boolean {
  return domain === flushed.domain || (flushed.below && domain.endsWith(`.${flushed.domain}`))
}

async function take(scene: Scene, known: Known, one: Step): Promise<void> {
  const pick = <T>(from: Iterable<T>, n: number): T | undefined => {
    const all = [...from]
    return all[n % all.length]
  }
  switch (one.do) {
    case 'arrives':
      scene.arrives(one.domain)
      return
    case 'existing': {
      const { id } = scene.existing(one.domain, HOUR)
      if (known.early.some((flushed) => covers(flushed, one.domain))) known.asked.add(id)
      return
    }
    case 'pass':
      scene.pass(one.ms)
      return
    case 'load':
      return scene.load()
    case 'begin': {
      const message = [...scene.messages.values()].find(({ file }) => file === scene.line[0])
      const decision = scene.begin()
      if (message !== undefined && decision !== undefined) judge(scene, known, message, decision.kind)
      return
    }
    case 'reconsider':
      return scene.keeper.reconsider()
    case 'read':
    case 'read fails':
      await turn()
      scene.questions[0]?.answer(one.do === 'read')
      await turn()
      return
    case 'succeed':
    case 'fail': {
      const file = pick(scene.sending, one.which)
      if (file === undefined) return
      if (one.do === 'succeed') scene.succeed(file)
      else scene.fail(file, 2 * HOUR)
      return
    }
    case 'flush': {
      const { running, complete } = scene.keeper.flush(one.domain, one.below)
      if (running) return
      if (!complete) known.early.push(one)
      for (const { id, domain } of scene.messages.values()) if (covers(one, domain)) known.asked.add(id)
      return
    }
    case 'suspend':
      scene.suspended.set(one.domain, scene.now + one.forMs)
      return scene.keeper.reconsider()
    case 'resume':
      scene.suspended.delete(one.domain)
      return scene.keeper.reconsider()
    case 'send':
    case 'drop':
    case 'drop fails':
    case 'hold':
    case 'release':
    case 'vanish': {
      const message = pick(scene.messages.values(), one.which)
      if (message !== undefined) await command(scene, known, one.do, message)
    }
  }
}

async function command(scene: Scene, known: Known, what: string, message: Message): Promise<void> {
  const { id, file } = message
  const entry = scene.entry(message)
  switch (what) {
    case 'send':
      if (scene.keeper.send(entry)) known.asked.add(id)
      return
    case 'drop': {
      const { stage } = entry
      const done = await scene.keeper.drop(entry)
      assert.equal(done, stage !== 'sending')
      if (done) known.dropped.add(id)
      return
    }
    case 'drop fails':
      if (entry.stage !== 'waiting') return
      scene.stuck.add(file)
      await assert.rejects(scene.keeper.drop(entry))
      scene.stuck.clear()
      return
    case 'hold':
      scene.held.add(id)
      return scene.keeper.reconsider()
    case 'release':
      scene.held.delete(id)
      return scene.keeper.reconsider()
    case 'vanish':
      // Somebody removes the file of a message that only waits.
      if (entry.stage === 'waiting') scene.messages.delete(id)
  }
}

/** An attempt is made, or not, for a reason. */
function judge(
  { held, suspended, now }: Scene,
  { asked, dropped }: Known,
  { id, domain }: Message,
  kind: string,
): void {
  if (dropped.has(id)) {
    assert.equal(kind, 'drop', `${id} is removed, not tried`)
  } else if (held.has(id)) {
    assert.equal(kind, 'wait', `${id} is held`)
  } else if ((suspended.get(domain) ?? 0) <= now) {
    assert.equal(kind, 'try', `nothing keeps ${id}`)
  } else if (!asked.has(id)) {
    assert.equal(kind, 'wait', `${domain} is suspended`)
  }
  asked.delete(id)
}

/** A message is in exactly one place: it has a timer, is being loaded, is in line, is being sent, or its header is awaited. */
function check(scene: Scene): void {
  for (const { id, file } of scene.messages.values()) {
    const entry = scene.keeper.index.get(id)
    assert.ok(entry !== undefined, `${id} is forgotten`)
    assert.equal(entry.file, file)
    const places = {
      timer: scene.timers.has(file),
      loading: scene.loading.includes(file),
      line: scene.line.includes(file),
      sending: scene.sending.has(file),
    }
    const where = Object.entries(places)
      .filter(([, there]) => there)
      .map(([place]) => place)
    const expected = {
      waiting: where.length === 0 ? [] : ['timer'],
      starting: places.line ? ['line'] : ['loading'],
      sending: ['sending'],
    }[entry.stage]
    assert.deepEqual(where, expected, `${id} is ${entry.stage}`)
    if (where.length === 0)
      assert.ok(!scene.keeper.isComplete() && entry.domain === undefined, `${id} waits for nothing`)
  }
}

it('whatever happens: no message is tried twice at once, none is forgotten, none waits without a reason', async () => {
  mock.timers.enable({ apis: ['Date'] })
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(step, { minLength: 40, maxLength: 80, size: 'max' }),
      async (slow, steps) => {
        const scene = makeScene((nowMs) => {
          mock.timers.setTime(nowMs)
        })
        if (slow) scene.reading = 'when told'
        const known: Known = { asked: new Set(), dropped: new Set(), early: [] }
        for (const one of steps) {
          await take(scene, known, one)
          check(scene)
          if (scene.keeper.isComplete()) known.early.length = 0
        }
        await allLeave(scene)
      },
    ),
    { numRuns: 200 },
  )
})

/** When nothing keeps mail any more and every attempt succeeds, everything leaves. */
async function allLeave(scene: Scene): Promise<void> {
  scene.reading = 'at once'
  for (const question of [...scene.questions]) question.answer(true)
  scene.held.clear()
  scene.suspended.clear()
  for (const file of [...scene.sending]) scene.succeed(file)
  while (!scene.keeper.isComplete()) await turn()
  await scene.keeper.reconsider()
  scene.pass(4 * HOUR)
  while (!scene.keeper.isComplete()) await turn()
  await scene.work()
  assert.deepEqual([scene.messages.size, scene.keeper.index.size, scene.timers.size], [0, 0, 0])
}
