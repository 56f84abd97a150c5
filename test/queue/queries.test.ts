import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFilter } from '../../lib/queue/filter-words.js'
import type { Filter } from '../../lib/queue/filter.js'
import { createQueries, PAGE, type Queries } from '../../lib/queue/queries.js'
import { fakeSight, idOf } from './sight.js'

function filter(...words: readonly string[]): Filter {
  const parsed = parseFilter(words, { need: false, nowMs: Date.now() })
  assert.ok(parsed.ok)
  return parsed.filter
}

const NO_HEADERS = { headers: false }

/** The ids on every page, and how many pages there were. */
async function pages(queries: Queries, query: string): Promise<string[][]> {
  const all: string[][] = []
  for (let more = true; more;) {
    const page = await queries.next(query, NO_HEADERS)
    assert.ok(page !== undefined)
    all.push(page.found.map(({ entry }) => entry.id))
    more = page.more
  }
  return all
}

describe('a query', () => {
  it('is answered page by page, oldest first', async () => {
    const count = PAGE + 20
    const sight = fakeSight(Array.from({ length: count }, (_, n) => ({ to: 'a@example.com', arrivedMs: 9000 - n })))
    const queries = createQueries(sight)
    assert.equal(await queries.open('q', filter('all')), count)
    const [first, second, ...others] = await pages(queries, 'q')
    assert.deepEqual([first?.length, second?.length, others], [PAGE, 20, []])
    assert.equal(first?.[0], idOf(count - 1, 9000 - count + 1))
    assert.equal(second?.at(-1), idOf(0, 9000))
    assert.equal(sight.reads.length, 0, 'no header is read where none is needed')
    assert.deepEqual(await queries.next('q', NO_HEADERS), { found: [], looked: 0, more: false })
    queries.forget('q')
    assert.equal(await queries.next('q', NO_HEADERS), undefined)
  })

  it('for domains and ids looks at nothing else', async () => {
    const sight = fakeSight([{ to: 'a@a.example.com' }, { to: 'b@b.example.com' }, { to: 'c@c.example.com' }])
    const all = (): never => assert.fail('the whole queue was looked through')
    const queries = createQueries({ ...sight, index: { ...sight.index, size: 3, all } })
    assert.equal(await queries.open('domains', filter('domain=a.example.com,C.example.com')), 2)
    assert.equal(await queries.open('ids', filter(idOf(1), 'id=nothing')), 1)
    assert.deepEqual(await pages(queries, 'ids'), [[idOf(1)]])
  })

  it('reads headers for senders, a page at a time', async () => {
    const messages = Array.from({ length: PAGE + 1 }, (_, n) => ({ to: 'a@example.com', from: `user${n}@domain1.com` }))
    const sight = fakeSight(messages)
    const queries = createQueries(sight)
    assert.equal(await queries.open('q', filter(`from=user3@*,user${PAGE}@*`)), PAGE + 1)
    assert.deepEqual(await pages(queries, 'q'), [[idOf(3)], [idOf(PAGE)]])
    assert.deepEqual(
      sight.reads.map((files) => files.length),
      [PAGE, 1],
    )
  })

  it('leaves out what left the queue meanwhile', async () => {
    const sight = fakeSight([{ to: 'a@example.com' }, { to: 'b@example.com' }])
    const queries = createQueries(sight)
    await queries.open('q', filter('all'))
    const gone = sight.index.get(idOf(0))
    assert.ok(gone !== undefined)
    sight.index.remove(gone)
    assert.deepEqual(await pages(queries, 'q'), [[idOf(1)]])
  })

  it('finds a file that gets another name while its header is read', async () => {
    const sight = fakeSight([{ to: 'a@example.com', from: 'john@domain1.com' }])
    const [entry] = [...sight.index.all()]
    assert.ok(entry !== undefined)
    const { file } = entry
    const renamed = file.replace('_0_77_', '_1_77_')
    let first = true
    const queries = createQueries({
      ...sight,
      readHeaders: (files) => {
        const [header] = sight.headers.values()
        if (first && header !== undefined) {
          sight.headers.clear()
          sight.headers.set(renamed, header)
          sight.index.at(renamed, 'waiting')
        }
        first = false
        return sight.readHeaders(files)
      },
    })
    await queries.open('q', filter('from=john@*'))
    assert.deepEqual(await pages(queries, 'q'), [[entry.id]])
  })

  it('a message that cannot be read is listed, but meets no condition on what it holds', async () => {
    const sight = fakeSight([{ to: 'a@example.com' }])
    sight.headers.clear()
    const queries = createQueries(sight)
    await queries.open('all', filter('all'))
    const page = await queries.next('all', { headers: true })
    assert.deepEqual(
      page?.found.map(({ entry, header }) => [entry.id, header]),
      [[idOf(0), undefined]],
    )
    await queries.open('from', filter('from=*'))
    assert.deepEqual((await queries.next('from', NO_HEADERS))?.found, [])
  })

  it('is forgotten when too many are open, the oldest first', async () => {
    const queries = createQueries(fakeSight([{ to: 'a@example.com' }]))
    for (let n = 0; n < 40; n++) await queries.open(String(n), filter('all'))
    const known = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => (await queries.next(String(n), NO_HEADERS)) !== undefined),
    )
    assert.deepEqual(
      known,
      Array.from({ length: 40 }, (_, n) => n >= 8),
    )
  })

  it('is forgotten a minute after its last page', async (context) => {
    const queries = createQueries(fakeSight(Array.from({ length: PAGE * 3 }, () => ({ to: 'a@example.com' }))))
    context.mock.timers.enable({ apis: ['setTimeout'] })
    await queries.open('q', filter('all'))
    context.mock.timers.tick(59_000)
    assert.ok((await queries.next('q', NO_HEADERS)) !== undefined)
    context.mock.timers.tick(59_000)
    assert.ok((await queries.next('q', NO_HEADERS)) !== undefined)
    context.mock.timers.tick(61_000)
    assert.equal(await queries.next('q', NO_HEADERS), undefined)
  })

  it('lets others have their turn while a large queue is looked through', async () => {
    const sight = fakeSight(Array.from({ length: 10_000 }, () => ({ to: 'a@example.com' })))
    let turns = 0
    const again = (): void => {
      turns++
      immediate = setImmediate(again)
    }
    let immediate = setImmediate(again)
    assert.equal(await createQueries(sight).open('q', filter('older=1s')), 10_000)
    clearImmediate(immediate)
    assert.ok(turns >= 4, `${turns} turns`)
  })
})
