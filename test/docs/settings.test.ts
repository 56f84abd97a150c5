import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { buildProgram } from '../../lib/cli/program.js'
import { INI_KEYS } from '../../lib/conf/ini-keys.js'
import { SETTINGS } from '../../lib/conf/settings.js'
import { REPLY_HELP } from '../../lib/reply-help.js'
import { reply, REPLY_NAMES, replyText, type Reply } from '../../lib/reply.js'
import { tempDir } from '../support/cleanup.js'
import { packageRoot } from '../support/install.js'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** What scripts/doc-pages.mjs fills pages with. */
interface Tables {
  readonly settings: Rows
  readonly keys: Rows
  readonly commands: unknown
  readonly replies: {
    readonly names: readonly string[]
    readonly reply: unknown
    readonly replyText: (made: Reply) => string
    readonly help: Readonly<Record<string, unknown>>
  }
}

type FillPages = (docs: string, tables: Tables, check: boolean) => string[]

const script = (name: string): string => path.join(packageRoot(), 'scripts', name)

async function load(name: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(script(name)).href)) as Record<string, unknown>
}

async function tablesNow(): Promise<Tables> {
  const commandsByName = (await load('command-tables.mjs'))['commandsByName'] as (program: unknown) => unknown
  const terminal = { out: process.stdout, err: process.stderr, env: {} }
  return {
    settings: SETTINGS as unknown as Rows,
    keys: INI_KEYS as unknown as Rows,
    commands: commandsByName(buildProgram(terminal, () => Promise.resolve(), '')),
    replies: {
      names: REPLY_NAMES,
      reply,
      replyText,
      help: REPLY_HELP,
    },
  }
}

function includesAll(errors: readonly string[], wanted: readonly string[]): void {
  for (const error of wanted) assert.ok(errors.includes(error), errors.join('\n'))
}

/** The rows with other values in the one of this name. */
function changed(rows: Rows, name: string, values: Readonly<Record<string, unknown>>): Rows {
  const found = rows.find((row) => row['name'] === name || row['key'] === name)
  assert.ok(found !== undefined, `there is no ${name}`)
  return rows.map((row) => (row === found ? { ...row, ...values } : row))
}

describe('scripts/settings-docs.mjs', () => {
  it('finds the pages up to date', async () => {
    const code = await new Promise((resolve) => {
      execFile(process.execPath, [script('settings-docs.mjs'), '--check'], (error, _stdout, stderr) => {
        resolve([error === null ? 0 : error.code, stderr])
      })
    })
    assert.deepEqual(code, [0, ''])
  })
})

describe('the pages made of the tables', () => {
  let docs = ''
  let tables: Tables
  let fillPages: FillPages
  beforeEach(async () => {
    docs = path.join(tempDir('settings-docs'), 'docs')
    // Node copies a link as a link: what is spoilt here would be the package itself.
    cpSync(realpathSync(path.join(packageRoot(), 'docs')), docs, { recursive: true })
    tables = await tablesNow()
    fillPages = (await load('doc-pages.mjs'))['fillPages'] as FillPages
  })

  const check = (some: Partial<Tables> = {}): string[] => fillPages(docs, { ...tables, ...some }, true)
  const page = (name: string): string => readFileSync(path.join(docs, name), 'utf8')
  function change(name: string, from: string, to: string): void {
    assert.ok(page(name).includes(from), `${name} has no "${from}"`)
    writeFileSync(path.join(docs, name), page(name).replace(from, to))
  }

  it('are named where a changed default has made them out of date, and mended', () => {
    const settings = changed(tables.settings, 'max_retrytime', { default: 96 })
    assert.deepEqual(check({ settings }), [
      'docs/settings.md is out of date: run "npm run docs"',
      'docs/outbound.md is out of date: run "npm run docs"',
    ])
    assert.deepEqual(fillPages(docs, { ...tables, settings }, false), [])
    assert.match(page('outbound.md'), /\| `max_retrytime` \|.*\| `96` \|/)
    assert.deepEqual(check({ settings }), [])
  })

  it('have tables that bars and stars of a note do not change', () => {
    const keys = changed(tables.keys, 'retry_interval', { note: 'Time | *between* <b> two attempts' })
    fillPages(docs, { ...tables, keys }, false)
    assert.ok(page('outbound.md').includes('Time \\| \\*between\\* \\<b> two attempts'), page('outbound.md'))
  })

  it('name a setting that no page has, one that does not exist, and a block without an end', () => {
    change('outbound.md', 'settings: gateway', 'settings: getaway')
    change('users.md', '<!-- /settings -->', '')
    includesAll(check(), [
      'docs/outbound.md: there is no setting getaway',
      'no page of docs/ has gateway in a <!-- settings: --> block',
      'docs/users.md: a <!-- settings: --> block has no <!-- /settings -->',
    ])
  })

  it('name a reply that no page has, one that does not exist, and one that nobody explains', () => {
    change('troubleshooting.md', 'replies: queued', 'replies: quewed')
    change('troubleshooting.md', 'badAddress loop', 'badAddress knot loop')
    includesAll(check({ replies: { ...tables.replies, names: [...tables.replies.names, 'knot'] } }), [
      'docs/troubleshooting.md: there is no reply quewed',
      'no page of docs/ has queued in a <!-- replies: --> block',
      'lib/reply-help.ts has nothing to say to knot',
    ])
  })

  it('are named where a changed reply has made them out of date', () => {
    const text = (made: Reply): string => tables.replies.replyText(made).replace('is full', 'is too full')
    const errors = check({ replies: { ...tables.replies, replyText: text } })
    assert.deepEqual(errors, ['docs/troubleshooting.md is out of date: run "npm run docs"'])
  })
})
