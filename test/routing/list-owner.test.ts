import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listOwner } from '../../lib/routing/provenance.js'
import { people, withSite, type Site } from './support.js'

const TWO = 'x@domain2.com,y@domain2.com'
const users = people('bob', 'fred', 'john')
const alias = (text: string): Site => ({
  conf: 'alias_file {dir}/alias.txt',
  people: users,
  files: { 'alias.txt': text },
})

/** Mail for bob@domain1.com, unless another address is said; whose list it is that sends it to several. */
const ROWS: Record<
  string,
  { readonly site: Site; readonly to?: string; readonly copies?: number; readonly is: 'operator' | 'user' }
> = {
  'an alias': { site: alias('sales: fred, john\n'), to: 'sales@domain1.com', is: 'operator' },
  'a forward rule': {
    site: { conf: 'forward bob@domain1.com x@domain2.com\nforward bob@domain1.com y@domain2.com', people: users },
    is: 'operator',
  },
  forward_cc: { site: { conf: 'forward_cc bob@domain1.com x@domain2.com', people: users }, is: 'operator' },
  'a fwd field': { site: { people: { ...users, bob: { fwd: TWO } } }, is: 'user' },
  'a fwd field that keeps a copy': { site: { people: { ...users, bob: { fwd: '$user,x@domain2.com' } } }, is: 'user' },
  'a forward file': { site: { people: users, files: { 'in/bob.fwd': 'fred\njohn\n' } }, is: 'user' },
  'a forward file with one line for all': { site: { people: users, files: { 'in/bob.fwd': TWO } }, is: 'user' },
  'a forward file that keeps a copy': { site: { people: users, files: { 'in/bob.fwd': '$user\nfred\n' } }, is: 'user' },
  'an alias to one user who has a fwd field': {
    site: { ...alias('sales: bob\n'), people: { ...users, bob: { fwd: TWO } } },
    to: 'sales@domain1.com',
    is: 'user',
  },
  'a forward to one user who has a forward file': {
    site: {
      conf: 'forward sales@domain1.com bob@domain1.com',
      people: users,
      files: { 'in/bob.fwd': 'fred\njohn\n' },
    },
    to: 'sales@domain1.com',
    is: 'user',
  },
  'an alias to several of whom one has a list of his own': {
    site: { ...alias('sales: bob, john\n'), people: { ...users, bob: { fwd: TWO } } },
    to: 'sales@domain1.com',
    copies: 3,
    is: 'operator',
  },
  'a fwd field that leads to an alias of the operator': {
    site: { ...alias('all: fred, john\n'), people: { ...users, bob: { fwd: 'all@domain1.com' } } },
    is: 'operator',
  },
  'a forward file that leads to an alias of the operator, and elsewhere': {
    site: {
      ...alias('all: fred, john\n'),
      files: { ...alias('all: fred, john\n').files, 'in/bob.fwd': 'all\nx@domain2.com\n' },
    },
    copies: 3,
    is: 'user',
  },
  'forward_cc for a user with a list of his own': {
    site: { conf: 'forward_cc bob@domain1.com z@domain2.com', people: { ...users, bob: { fwd: TWO } } },
    copies: 3,
    is: 'operator',
  },
}

describe('whose list it is', () => {
  for (const [title, { site, to = 'bob@domain1.com', copies = 2, is }] of Object.entries(ROWS)) {
    it(`${title}: the ${is}'s`, async () => {
      await withSite(site, async ({ route, report }) => {
        const { destinations } = await route(to)
        assert.equal(destinations.length, copies, JSON.stringify(await report(to), null, 1))
        assert.equal(listOwner(destinations), is, JSON.stringify(await report(to), null, 1))
      })
    })
  }
})
