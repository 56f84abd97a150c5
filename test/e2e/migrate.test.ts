import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isOwnFile } from '../../lib/adopt/marks.js'
import type { MigrateReport } from '../../lib/migrate/report.js'
import type { ReportedDestination } from '../../lib/routing/report.js'
import { dmail } from '../cli/support.js'
import { makeLegacySite, type LegacySite } from '../migrate/legacy-site.js'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { makeHarakaDir } from '../support/haraka-dir.js'
import { launch, type HarakaRun } from '../support/haraka-process.js'
import { captureLog } from '../support/log.js'
import { readQuietMbox } from '../support/mbox.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { freePort } from '../support/ports.js'
import { until } from '../support/wait.js'
import { note, session } from './site.js'

/** Every file below a directory, with all that a writer would change; no look at it changes a thing. */
function stateOf(dir: string): Map<string, string> {
  const state = new Map<string, string>()
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    const { mtimeNs, ctimeNs, size, mode, ino } = lstatSync(file, { bigint: true })
    const content = entry.isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : ''
    state.set(file, [mtimeNs, ctimeNs, size, mode, ino, content].join(' '))
  }
  return state
}

function goalsOf(destinations: readonly ReportedDestination[]): string[] {
  return destinations
    .map((one) => {
      if (one.kind === 'mailbox' || one.kind === 'file') return one.path
      if (one.kind === 'remote') return `remote ${one.address}`
      return one.kind === 'robot' ? `robot ${one.argv.join(' ')}` : one.kind
    })
    .sort()
}

for (const version of HARAKA_VERSIONS) {
  describe(`a DMail site of 2,000 aliases moves to Haraka ${version}`, () => {
    let site: LegacySite
    let nextHop: NextHop
    let dir = ''
    let port = 0
    let haraka: HarakaRun | undefined
    let legacy: Map<string, string>
    let report: MigrateReport
    const migrate = async (...more: readonly string[]): Promise<{ exit: number; report: MigrateReport }> => {
      const map = `d:\\mail=${site.driveD}`
      const args = ['migrate', '--from', site.conf, dir, '--map', map, '--listen', `127.0.0.1:${port}`, '--json']
      const { exit, out, err } = await dmail([...args, ...more])
      assert.equal(err, '')
      return { exit, report: JSON.parse(out) as MigrateReport }
    }

    before(async () => {
      nextHop = await startNextHop()
      site = makeLegacySite(nextHop.port)
      legacy = stateOf(path.dirname(site.dir))
      port = await freePort()
      dir = await makeHarakaDir({
        version,
        plugins: ['# ours', 'mail_from.is_resolvable', 'rcpt_to.in_host_list', 'queue/smtp_forward'],
        config: {
          'outbound.ini': '; mine\nconcurrency_max=7\n',
          'mail_from.is_resolvable.ini': '[reject]\nno_mx=false\n',
        },
      })
    })
    after(async () => {
      await haraka?.stop()
      await nextHop.close()
    })

    it('is the site it should be', () => {
      assert.equal(site.aliases, 2000)
      assert.equal(site.expected.size, 200)
      assert.ok(readFileSync(site.conf, 'latin1').split('\r\n').length >= 300)
    })

    it('without an error, after a dry run that writes nothing', async () => {
      const untouched = stateOf(dir)
      const dry = await migrate('--dry-run')
      assert.deepEqual(stateOf(dir), untouched)
      const wet = await migrate()
      report = wet.report
      assert.deepEqual([wet.exit, report.errors], [0, []])
      assert.deepEqual(
        report.files.map(({ path: name, action }) => `${action} ${name}`),
        dry.report.files.map(({ path: name, action }) => `${action} ${name}`),
      )
      assert.deepEqual(
        report.files
          .filter(({ action }) => action === 'changed')
          .map(({ path: name, backup }) => [name, backup !== null]),
        [
          ['config/smtp.ini', true],
          ['config/plugins', true],
        ],
      )
    })

    it('and leaves the legacy files alone', () => {
      assert.deepEqual(stateOf(path.dirname(site.dir)), legacy)
    })

    it('and keeps what the operator had', () => {
      const plugins = readFileSync(path.join(dir, 'config/plugins'), 'utf8')
      assert.match(plugins, /^# ours$/m)
      assert.match(plugins, /^mail_from\.is_resolvable$/m)
      assert.match(plugins, /^# queue\/smtp_forward$/m)
      assert.equal(readFileSync(path.join(dir, 'config/outbound.ini'), 'utf8'), '; mine\nconcurrency_max=7\n')
      assert.match(readFileSync(path.join(dir, 'config/log.ini'), 'utf8'), /^level=debug$/m)
    })

    it('and says what became of each setting and path', () => {
      const became = new Map(report.settings.map(({ name, became: how }) => [name, how]))
      assert.match(became.get('hash_spool') ?? '', /^was hash_spool 2: /)
      assert.match(became.get('authent_process') ?? '', /^was authent_process c:\\dmail\\nwauth\.exe/)
      assert.equal(became.get('max_retrytime'), 'as it was')
      assert.equal(became.get('log_level'), 'log.ini [main] level=debug stays as it was')
      assert.equal(became.get('bomb_max'), 'proposed in limit.ini [rate_rcpt], commented out')
      assert.equal(became.get('pop_port'), 'ignored')
      assert.deepEqual(
        report.prefixes.map(({ from, to, by }) => [from, to, by]),
        [
          ['d:\\mail', site.driveD, 'option'],
          ['c:', site.dir, 'found'],
        ],
      )
      assert.deepEqual(
        report.paths.filter(({ path: found }) => found === null),
        [],
      )
    })

    it('and names the lists, and everybody whose mail goes elsewhere', () => {
      assert.deepEqual(
        report.lists.map(({ address, accepted }) => [address, accepted]),
        [
          ['staff@forge.example', false],
          ['staff-request@forge.example', false],
          ['news@mill.example', false],
          ['news-request@mill.example', false],
        ],
      )
      const because = (why: RegExp): string[] =>
        report.elsewhere.filter((each) => why.test(each.why)).map(({ address }) => address)
      const address = ({ name, domain }: (typeof site.users)[number]): string => `${name}@${domain.name}`
      assert.deepEqual(
        because(/others than its owner can write to it/).sort(),
        site.users
          .filter(({ way }) => way === 'dot-open')
          .map(address)
          .sort(),
      )
      assert.deepEqual(
        because(/there is no drop file yet/).sort(),
        site.users
          .filter(({ placed }) => !placed)
          .map(address)
          .sort(),
      )
      assert.deepEqual(because(/the robot cannot run here/), ['help@mill.example'])
    })

    it('a second time nothing changes', async () => {
      const migrated = stateOf(dir)
      const again = await migrate()
      assert.deepEqual(
        again.report.files.filter(({ action }) => action !== 'unchanged'),
        [],
      )
      assert.deepEqual(stateOf(dir), migrated)
    })

    it('200 addresses are routed as DMail did', async () => {
      const file = path.join(dir, 'addresses.txt')
      writeFileSync(file, `# some\n${[...site.expected.keys()].join('\n')}\n`)
      const { exit, report: verified } = await migrate('--verify', file)
      // Some are nobody's.
      assert.equal(exit, 1)
      assert.deepEqual(
        new Map(verified.verify?.map(({ address, destinations }) => [address, goalsOf(destinations)])),
        site.expected,
      )
    })

    it('and delivered', async () => {
      const log = captureLog(`the log of Haraka ${version}`)
      const started = await launch(dir, port, { version, plugins: ['dmail'] }, log)
      assert.ok(started.kind === 'ready', log.tail())
      haraka = started.run
      const addresses = [...site.expected.keys()]
      const taken = await session(port, {}, async (client) => {
        const replies: number[] = []
        for (const [index, address] of addresses.entries()) {
          await client.mail('')
          const { code } = await client.rcpt(address)
          replies.push(code === 250 ? (await client.data(note(`m${index}`))).code : code)
          if (code !== 250) await client.command('RSET')
        }
        return replies
      })
      assert.deepEqual(
        taken,
        addresses.map((address) => (site.expected.get(address)?.length === 0 ? 550 : 250)),
      )
      const remote = addresses.filter((address) =>
        site.expected.get(address)?.some((goal) => goal.startsWith('remote')),
      )
      await nextHop.waitForMessage(remote.length)
      await until(() => readdirSync(path.join(dir, 'queue')).filter((name) => !isOwnFile(name)).length === 0, {
        otherwise: () => log.tail(),
      })
      assert.deepEqual(found(site, nextHop, addresses), site.expected)
    })
  })
}

/** Where the message to each address is now. */
function found(site: LegacySite, nextHop: NextHop, addresses: readonly string[]): Map<string, readonly string[]> {
  const goals = new Map<string, string[]>(addresses.map((address) => [address, []]))
  const add = (subject: string | undefined, goal: string): void => {
    const address = addresses[Number(/^m(\d+)$/.exec(subject ?? '')?.[1] ?? 'NaN')]
    if (address !== undefined) goals.get(address)?.push(goal)
  }
  for (const place of site.places) {
    for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name)
      if (!entry.isFile() || /\.(?:fwd|lock)$/.test(entry.name)) continue
      for (const message of readQuietMbox(file)) add(message.header('Subject'), file)
    }
  }
  for (const { rcpts, data } of nextHop.messages) {
    const subject = /^Subject: (.*)\r$/m.exec(data.toString())?.[1]
    for (const { address } of rcpts) add(subject, `remote ${address}`)
  }
  // What is to vanish is nowhere.
  for (const [address, expected] of site.expected) {
    if (expected.includes('discard') && goals.get(address)?.length === 0) goals.set(address, ['discard'])
  }
  return new Map([...goals].map(([address, each]) => [address, each.sort()]))
}
