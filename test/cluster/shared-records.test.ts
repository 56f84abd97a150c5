import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createLocalHub } from '../../lib/cluster/local-store.js'
import { changeText, mergeTexts } from '../../lib/cluster/record.js'
import { shareRecords } from '../../lib/cluster/shared-records.js'
import type { Store, Texts } from '../../lib/cluster/store.js'
import type { LocalRecord } from '../../lib/cluster/types.js'

const OLD_MS = 1000
const at = (atMs: number, value?: string): string => changeText({ atMs, by: 'test', value })

/** As operators' decisions are kept: what ended before OLD_MS is forgotten with the next change, and what is no text of ours is left out. */
function memory(begin: Record<string, string>): LocalRecord {
  let texts: Texts = new Map(Object.entries(begin))
  const isOld = (text: string): boolean => !/^\d{14} /.test(text) || (text.endsWith(' -') && text < at(OLD_MS))
  const without = (some: Texts, bad: (text: string) => boolean): Texts =>
    new Map([...some].filter(([, text]) => !bad(text)))
  return {
    all: () => texts,
    take(news) {
      texts = without(
        mergeTexts(
          texts,
          without(news, (text) => !/^\d{14} /.test(text)),
        ),
        isOld,
      )
      return Promise.resolve()
    },
    isOld,
  }
}

const shared = (store: Store, record: LocalRecord): ReturnType<typeof shareRecords> =>
  shareRecords(new Map([['rec', record]]), store, () => undefined)

it('a node that was away for long gives up what ended meanwhile, as long as anybody knows', async () => {
  const store = createLocalHub().join()
  await store.merge('rec', new Map([['k', at(20)]]))
  const record = memory({ k: at(10, 'suspended') })
  await shared(store, record).syncAll()
  assert.deepEqual([...record.all()], [])
  assert.deepEqual([...(await store.read('rec')).texts], [])
})

it('what ended long ago is not put back by one node when another has forgotten it', async () => {
  const hub = createLocalHub()
  const nodes = [1, 2].map(() => {
    const store = hub.join()
    return { store, records: shared(store, memory({ gone: at(10), k: at(2000, 'v') })) }
  })
  const store = hub.join()
  await store.merge('rec', new Map([['k', at(2000, 'v')]]))
  for (let turn = 0; turn < 5; turn++) {
    for (const { store, records } of nodes) await records.syncAll((await store.roll()).versions)
  }
  const { version, texts } = await store.read('rec')
  assert.deepEqual([[...texts.keys()], version], [['k'], 1], 'they change it again and again')
})

it('what others wrote in the place of a decision is removed, and the decision is there again', async () => {
  const store = createLocalHub().join()
  await store.merge('rec', new Map([['k', 'zzz is greater than any time']]))
  const record = memory({ k: at(2000, 'v') })
  await shared(store, record).syncAll()
  assert.deepEqual([...record.all()], [['k', at(2000, 'v')]])
  assert.deepEqual([...(await store.read('rec')).texts], [['k', at(2000, 'v')]])
})

it('is read when it has changed, and not else: nothing, where nothing was ever decided', async () => {
  const store = createLocalHub().join()
  let reads = 0
  const counting: Store = {
    ...store,
    read(name) {
      reads++
      return store.read(name)
    },
  }
  const records = shared(counting, memory({}))
  const readIn = async (turns: number): Promise<number> => {
    reads = 0
    for (let turn = 0; turn < turns; turn++) await records.syncAll((await store.roll()).versions)
    return reads
  }
  assert.equal(await readIn(3), 1)
  await store.merge('rec', new Map([['k', at(2000, 'v')]]))
  assert.equal(await readIn(3), 1)
})
