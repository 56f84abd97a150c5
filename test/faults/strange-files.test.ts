import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { codes, makeSite, note, siteConf, startSite, users, type Site } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { readMbox } from '../support/mbox.js'
import { send } from '../support/smtp.js'
import { failedInQueue, faultIni, queueTexts, rootOnly } from './site.js'

/** What stands where a drop file should be. `untouched` throws when something was written through it. */
interface Kind {
  readonly name: string
  readonly skip?: string | false
  readonly make: (file: string, elsewhere: string) => void
  readonly untouched: (file: string, elsewhere: string) => void
}

const TEXT = 'not a drop file\n'

const KINDS: readonly Kind[] = [
  {
    name: 'a symbolic link',
    make: (file, elsewhere) => {
      writeFileSync(elsewhere, TEXT)
      symlinkSync(elsewhere, file)
    },
    untouched: (_file, elsewhere) => {
      assert.equal(readFileSync(elsewhere, 'utf8'), TEXT)
    },
  },
  {
    name: 'a symbolic link to nothing',
    make: (file, elsewhere) => {
      symlinkSync(elsewhere, file)
    },
    untouched: (_file, elsewhere) => {
      assert.throws(() => statSync(elsewhere), { code: 'ENOENT' })
    },
  },
  {
    name: 'a hard link',
    make: (file, elsewhere) => {
      writeFileSync(elsewhere, TEXT)
      linkSync(elsewhere, file)
    },
    untouched: (_file, elsewhere) => {
      assert.equal(readFileSync(elsewhere, 'utf8'), TEXT)
    },
  },
  {
    name: 'a FIFO',
    make: (file) => {
      execFileSync('mkfifo', [file])
    },
    untouched: (file) => {
      assert.ok(statSync(file).isFIFO())
    },
  },
  {
    name: 'a directory',
    make: (file) => {
      mkdirSync(file)
    },
    untouched: (file) => {
      assert.deepEqual(readdirSync(file), [])
    },
  },
  {
    name: 'a device',
    skip: rootOnly,
    make: (file) => {
      // Like /dev/null: what is written to it is lost.
      execFileSync('mknod', [file, 'c', '1', '3'])
    },
    untouched: (file) => {
      assert.ok(statSync(file).isCharacterDevice())
    },
  },
]

const KINDS_OF_PLACE = ['a drop file', 'a file destination'] as const

/** What one test uses alone: they all run at the same time. */
interface Row {
  readonly kind: Kind
  readonly what: (typeof KINDS_OF_PLACE)[number]
  /** Recipient and file. */
  readonly name: string
  readonly place: string
  /** Another recipient of the same message. */
  readonly other: string
}

const ROWS: readonly Row[] = KINDS.flatMap((kind, k) =>
  KINDS_OF_PLACE.map((what, p) => {
    const name = `${p === 0 ? 'user' : 'file'}${k}`
    return { kind, what, name, place: `${p === 0 ? 'in' : 'files'}/${name}`, other: `other${2 * k + p}` }
  }),
)

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} where a drop file should be and something else is`, { concurrency: true }, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users(...ROWS.flatMap(({ name, other }) => [name, other])))
      const files = ROWS.filter(({ what }) => what === 'a file destination')
      haraka = await startSite(
        version,
        siteConf(
          site,
          files.map(({ name, place }) => `forward ${name}@domain1.com ${site.path(place)}`),
        ),
        { config: { 'dmail.ini': faultIni() } },
      )
    })
    after(() => haraka.stop())

    for (const row of ROWS) {
      it(`${row.kind.name} as ${row.what}`, { skip: row.kind.skip ?? false }, () => waitsUntilMended(haraka, site, row))
    }
  })
}

/** The message waits, nothing is written through, the other recipient is served, and when it is mended it arrives once. */
async function waitsUntilMended(haraka: Haraka, site: Site, { kind, name, place, other }: Row): Promise<void> {
  const file = site.path(place)
  const elsewhere = site.path(`elsewhere-${name}`)
  const subject = `Subject: for ${name}\r\n`
  const waiting = (): number => queueTexts(haraka).filter((text) => text.includes(subject)).length
  kind.make(file, elsewhere)
  const { final } = await send(haraka.port, {
    from: 'ann@example.com',
    to: [`${name}@domain1.com`, `${other}@domain1.com`],
    message: note(`for ${name}`),
  })
  assert.equal(codes(final), '250 2.0.0')
  assert.equal(site.mail(other).length, 1)
  assert.equal(waiting(), 1)
  await failedInQueue(haraka, subject)
  kind.untouched(file, elsewhere)
  rmSync(file, { recursive: true })
  await haraka.waitFor(() => waiting() === 0, { watch: 'queue' })
  assert.equal(readMbox(file).length, 1)
  assert.equal(site.mail(other).length, 1)
}
