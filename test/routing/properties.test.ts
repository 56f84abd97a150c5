import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import { pathMapper } from '../../lib/conf/paths.js'
import type { AliasTable } from '../../lib/conf/alias-file.js'
import { parseDestination, type Place, type Written } from '../../lib/conf/destination.js'
import { forwardTable } from '../../lib/routing/forwards.js'
import { chainOf, identity } from '../../lib/routing/provenance.js'
import { routeReport } from '../../lib/routing/report.js'
import { route } from '../../lib/routing/route.js'
import type { Tables, World } from '../../lib/routing/tables.js'
import type { Route } from '../../lib/routing/types.js'
import { withSite } from './support.js'

const mapPath = pathMapper(new Map(), '/srv/haraka')
const NAMES = ['bob', 'fred', 'john', 'sales', 'postmaster', 'bob+tag']
const DOMAINS = ['domain1.com', 'domain2.com', 'example.com']

const anyName = fc.constantFrom(...NAMES)
const anyAddress = fc.tuple(anyName, fc.constantFrom(...DOMAINS)).map((parts) => parts.join('@'))
/** A destination as somebody writes it; most lead to other rules. */
const anyDestination = fc.oneof(
  { weight: 6, arbitrary: anyAddress },
  { weight: 3, arbitrary: anyName },
  { weight: 1, arbitrary: fc.constantFrom('$user', '|drespond', '/var/log/mail', '/dev/null', '\\bob') },
)
/** `\\user` is for forward files only. */
const anyRule = anyDestination.filter((text) => text !== '\\bob')
const anyList = fc.array(anyDestination, { minLength: 1, maxLength: 3 })

/** Redirections of every system over a handful of addresses: circles, diamonds and dead ends are the rule. */
const anyRules = fc.record({
  forwards: fc.array(fc.tuple(fc.oneof(anyAddress, fc.constantFrom('*@domain1.com', 'bob@*')), anyRule, fc.boolean()), {
    maxLength: 5,
  }),
  aliases: fc.dictionary(fc.constantFrom(...NAMES, '*'), fc.array(anyRule, { minLength: 1, maxLength: 3 }), {
    maxKeys: 4,
  }),
  users: fc.dictionary(fc.constantFrom(...NAMES), fc.option(anyList, { nil: undefined }), { maxKeys: 5 }),
  files: fc.dictionary(fc.constantFrom(...NAMES), anyList, { maxKeys: 3 }),
  failing: fc.option(anyName, { nil: undefined, freq: 8 }),
  plus: fc.boolean(),
  rematch: fc.boolean(),
})
type Rules = typeof anyRules extends fc.Arbitrary<infer R> ? R : never

function written(text: string, place: Place): Written {
  const read = parseDestination(text, place, mapPath)
  assert.ok(read.kind !== 'bad', text)
  return read
}

function aliasTable(aliases: Rules['aliases']): AliasTable {
  const entry = (key: string) => {
    const list = aliases[key] ?? []
    const items = list.map((text) => ({ written: written(text, 'alias'), at: { file: 'aliases.txt', line: 1 } }))
    return items.length === 0 ? undefined : { key, items, missing: undefined }
  }
  return {
    find: (local) => entry(local.toLowerCase()),
    findPrefix: () => entry('*'),
    size: 0,
    *keys() {
      yield* Object.keys(aliases)
    },
  }
}

/** Tables and world of random rules; everything that is not random is that of a real configuration. */
function build(base: Tables, rules: Rules): { tables: Tables; world: World } {
  const tables: Tables = {
    ...base,
    forwards: forwardTable(
      rules.forwards.map(([pattern, destination, keepsOriginal], index) => ({
        pattern,
        destination: written(destination, 'forward'),
        keepsOriginal,
        at: { file: 'dmail.conf', line: index + 1 },
      })),
    ),
    aliases: new Map(
      ['domain1.com', 'domain2.com'].map((name) => [
        name,
        [{ label: 'aliases.txt', readable: true, table: aliasTable(rules.aliases) }],
      ]),
    ),
    rematchForwards: rules.rematch,
    plusAddress: rules.plus ? '+' : '',
    robotUserRoots: [],
    fileUserRoots: ['/var/log'],
  }
  const world: World = {
    lookup: (asked) => {
      const name = asked.replace(/^dom2_/, '')
      if (name === rules.failing) return Promise.resolve({ kind: 'unavailable', detail: 'it fails' })
      if (!Object.hasOwn(rules.users, name)) return Promise.resolve({ kind: 'unknown' })
      const fwd = rules.users[name]
      const fields = new Map(fwd === undefined ? [] : [['fwd', fwd.join(',')]])
      return Promise.resolve({ kind: 'found', user: { name: asked, fields } })
    },
    readForwardFile: (file) => {
      const list = rules.files[/(?:dom2_)?([^/]+)\.fwd$/.exec(file)?.[1] ?? '']
      return Promise.resolve(list === undefined ? { kind: 'absent' } : { kind: 'text', text: list.join('\n') })
    },
    fileSize: () => 0,
    dropFile: (root, name) => Promise.resolve(`${root}/${name}`),
  }
  return { tables, world }
}

/** One address as given at RCPT; anything a stranger may send among them. */
const anyRecipient = fc.oneof({ weight: 5, arbitrary: anyAddress }, { weight: 1, arbitrary: fc.string() })

describe('routing by random rules', () => {
  let base: Tables

  before(async () => {
    const conf = 'host_domain domain1.com\nvdomain dom2 @dom2 domain2.com /var/in2\nsysadmin fred@domain1.com'
    base = await withSite({ conf }, ({ snapshot }) => Promise.resolve(snapshot.tables))
  })

  async function decide(rules: Rules, recipient: string): Promise<Route> {
    const { tables, world } = build(base, rules)
    return route(tables, world, recipient, { ip: undefined, sender: undefined, trusted: true })
  }

  function holds(property: (decided: Route, rules: Rules, recipient: string) => void | Promise<void>): Promise<void> {
    return fc.assert(
      fc.asyncProperty(anyRules, anyRecipient, async (rules, recipient) => {
        await property(await decide(rules, recipient), rules, recipient)
      }),
      { numRuns: 500 },
    )
  }

  it('ends, with destinations or a refusal, never with both', async () => {
    await holds(({ accepted, destinations, reply }) => {
      assert.equal(accepted, destinations.length > 0)
      assert.equal(reply.code, accepted ? 250 : reply.code)
      assert.ok(accepted || [550, 451].includes(reply.code))
    })
  })

  it('never names a destination twice', async () => {
    await holds(({ destinations }) => {
      const names = destinations.map(({ destination }) => identity(destination))
      assert.equal(new Set(names).size, names.length)
    })
  })

  it('can say by which rules every destination came about, from the recipient on', async () => {
    await holds(({ destinations, trace, address }) => {
      trace.forEach(({ id, parent }, index) => {
        assert.equal(id, index + 1)
        assert.ok(parent === undefined || parent.id < id)
      })
      for (const { step } of destinations) {
        const [first, ...rest] = chainOf(step)
        assert.equal(first?.input, address?.text)
        assert.ok([first, ...rest].every((each) => each !== undefined && trace.includes(each)))
      }
    })
  })

  it('gives the same answer when asked twice', async () => {
    await holds(async (decided, rules, recipient) => {
      assert.deepEqual(routeReport(recipient, await decide(rules, recipient)), routeReport(recipient, decided))
    })
  })

  it('always takes mail for postmaster, if only for later', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRules,
        fc.constantFrom('postmaster@domain1.com', 'postmaster@domain2.com'),
        async (rules, text) => {
          const { reply } = await decide(rules, text)
          assert.ok([250, 451].includes(reply.code), `${reply.code}`)
        },
      ),
    )
  })

  it('is the same with further rules that lead to nobody (R22)', async () => {
    await holds(async (_, { forwards, ...rules }, recipient) => {
      const strict = { ...rules, aliases: withoutCatchAll(rules.aliases), forwards }
      const nobody = forwards.map(([pattern, , cc]): (typeof forwards)[number] => [pattern, 'nobody@domain2.com', cc])
      const decided = await decide(strict, recipient)
      const again = await decide({ ...strict, forwards: [...nobody, ...forwards] }, recipient)
      assert.deepEqual(
        again.destinations.map(({ destination }) => destination),
        decided.destinations.map(({ destination }) => destination),
      )
      assert.equal(again.reply.code, decided.reply.code)
    })
  })
})

function withoutCatchAll(aliases: Rules['aliases']): Rules['aliases'] {
  return Object.fromEntries(Object.entries(aliases).filter(([key]) => key !== '*'))
}
