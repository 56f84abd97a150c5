import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { callServer, ServerRefused } from '../../lib/control/client.js'
import type { LogLine } from '../../lib/control/log-taps.js'
import type { CommandName, Commands } from '../../lib/control/protocol.js'
import type { Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { eventually } from '../support/wait.js'
import { SETUPS, setupName } from './control-site.js'
import { codes, makeSite, note, siteConf, startSite, users } from './site.js'

/** Changes are seen when an operator says so, and not before. */
const NEVER = '[main]\nreload_check=1d\n'

for (const { version, nodes, processes } of SETUPS) {
  describe(`the commands about what is in force, ${setupName({ version, processes, ...(nodes === undefined ? {} : { nodes }) })}`, () => {
    const site = makeSite()
    let haraka: Haraka
    const conf = (...lines: readonly string[]): string =>
      siteConf(site, [`alias_file ${site.path('aliases.txt')}`, ...lines])
    before(async () => {
      site.write('users.txt', users('bob'))
      site.write('aliases.txt', 'info: bob\n')
      haraka = await startSite(version, conf(), {
        config: { 'dmail.ini': NEVER },
        ...(nodes === undefined ? {} : { nodes }),
      })
      // A worker that is still starting would read what is changed after this.
      await eventually(async () => (await call('reload', {})).workers === processes)
    })
    after(() => haraka.stop())

    const call = <Name extends CommandName>(
      command: Name,
      args: Commands[Name]['args'],
    ): Promise<Commands[Name]['result']> => callServer(haraka.dir, command, args)

    /** Often enough that every worker takes some. */
    async function sendAll(to: string): Promise<string[]> {
      const answers: string[] = []
      for (let left = 2 * processes; left > 0; left--) {
        const { final } = await send(haraka.port, { from: 'x@example.com', to: [to], message: note(to) })
        answers.push(codes(final))
      }
      return [...new Set(answers)]
    }

    /** Lines of the log that come while something is done, so many of them. */
    async function follow(
      args: Commands['log']['args'] & { readonly lines: number },
      act: () => Promise<unknown>,
    ): Promise<LogLine[]> {
      const lines: LogLine[] = []
      const followed = callServer(haraka.dir, 'log', args, { item: (line) => lines.push(line) })
      // Once nobody is left out, mail that is sent again is seen.
      const ended = new AbortController()
      const end = followed.finally(() => {
        ended.abort()
      })
      while (!ended.signal.aborted) await Promise.race([end, act()])
      assert.deepEqual(await followed, { count: args.lines })
      return lines
    }

    it('a changed file counts in every worker when reload has been answered, and not before', async () => {
      site.write('aliases.txt', 'info: bob\nnews: bob\n')
      assert.deepEqual(await sendAll('news@domain1.com'), ['550 5.1.1'])
      const { summary, ...result } = await call('reload', {})
      assert.deepEqual(result, { reloaded: true, error: '', errors: [], warnings: [], workers: processes, missing: 0 })
      assert.match(summary, /^1 local domains, 2 aliases, 0 warnings, 0 errors$/)
      assert.deepEqual(await sendAll('news@domain1.com'), ['250 2.0.0'])
    })

    it('an error keeps what was before, and is named', async () => {
      haraka.write('config/dmail.conf', conf('forward news@domain1.com', 'max_rcpts 7'))
      const { reloaded, error, errors } = await call('reload', {})
      assert.equal(reloaded, false)
      assert.match(error, /^1 errors, the configuration before stays in force$/)
      assert.match(errors[0]?.at ?? '', /^dmail\.conf:\d+:\d+$/)
      const { settings } = await call('config', { setting: 'max_rcpts' })
      assert.deepEqual(settings[0]?.values, [])
      assert.deepEqual(await sendAll('news@domain1.com'), ['250 2.0.0'])
    })

    it('config shows what is in force when the files say something else', async () => {
      haraka.write('config/dmail.conf', conf('max_rcpts 7'))
      assert.equal((await call('reload', {})).reloaded, true)
      haraka.write('config/dmail.conf', conf('max_rcpts 8'))
      const { settings } = await call('config', { setting: 'max_rcpts' })
      assert.deepEqual(
        settings.map(({ values }) => values.map(({ text }) => text)),
        [['7']],
      )
      const names = (await call('config', {})).settings.map(({ name }) => name)
      assert.ok(names.includes('authent_process') && names.includes('main.reload_check'), names.join())
      await assert.rejects(call('config', { setting: 'no_such' }), ServerRefused)
    })

    it('route is decided by what is in force', async () => {
      site.write('aliases.txt', 'info: nobody\n')
      const { report, under } = await call('route', { address: 'info@domain1.com', trusted: false })
      assert.equal(report.accepted, true)
      assert.deepEqual(
        report.destinations.map(({ kind }) => kind),
        ['mailbox'],
      )
      assert.deepEqual(under, [report.trace.at(-1)?.id])
      assert.match(report.trace[0]?.at ?? '', /aliases\.txt:1$/)
      await assert.rejects(call('route', { address: 'a@domain1.com', trusted: false, ip: 'here' }), ServerRefused)
    })

    it('the log is followed with a filter, in every process', async () => {
      const subject = (): Promise<unknown> => sendAll('bob@domain1.com')
      const lines = await follow({ words: ['BOB@domain1.com', '-> mailbox'], lines: 6 * processes }, subject)
      assert.ok(
        lines.every(({ text }) => /-> mailbox bob/.test(text)),
        JSON.stringify(lines),
      )
      assert.equal(new Set(lines.map(({ pid }) => pid)).size, processes)
    })

    it('and at a level of its own, without a line more in the log that is kept', async () => {
      const subject = (): Promise<unknown> => sendAll('bob@domain1.com')
      const lines = await follow({ level: 'protocol', words: ['RCPT TO:<bob@domain1.com>'], lines: 3 }, subject)
      assert.ok(lines.every(({ level }) => level === 'PROTOCOL'))
      assert.doesNotMatch(haraka.log, /RCPT TO:<bob@domain1\.com>/)
      // When nobody follows any more, nothing is made for nobody.
      assert.deepEqual(await call('log-level', {}), { level: 'debug', workers: processes, missing: 0 })
    })

    it('the level is changed in every process', async () => {
      assert.deepEqual(await call('log-level', { level: 'Protocol' }), {
        level: 'protocol',
        workers: processes,
        missing: 0,
      })
      await sendAll('bob@domain1.com')
      await haraka.waitForLog(/RCPT TO:<bob@domain1\.com>/)
      assert.deepEqual(await call('log-level', { level: 'loginfo' }), { level: 'info', workers: processes, missing: 0 })
      await assert.rejects(call('log-level', { level: 'loud' }), ServerRefused)
    })
  })
}
