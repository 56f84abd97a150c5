import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { codes, makeSite, queueIsEmpty, siteConf, startSite, users, type Site } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka, type HarakaVersion } from '../support/haraka.js'
import type { MboxMessage } from '../support/mbox.js'
import { send } from '../support/smtp.js'
import { makeBadRobots, type BadRobots } from './robot-kinds.js'
import { faultIni, isRunning, letter, peakMemory, queueTexts, worker } from './site.js'

/** More than a socket holds: a robot that does not read cannot have it all. */
const LONG = 1_000_000

interface Scene {
  readonly site: Site
  readonly robots: BadRobots
  readonly haraka: Haraka
  /** Sends a message whose subject is the recipient, from fred, who has the reports. */
  submit(to: string, bytes?: number): Promise<void>
  /** The reports fred has about a recipient. */
  reports(to: string): MboxMessage[]
}

async function startScene(version: HarakaVersion, robotIni: readonly string[]): Promise<Scene> {
  const site = makeSite()
  const robots = makeBadRobots(site)
  site.write('users.txt', users('fred'))
  const forward = (name: string, command: string): string => `forward ${name}@domain1.com "|${command}"`
  const haraka = await startSite(
    version,
    siteConf(site, [
      ...['hangs', 'stubborn', 'forks', 'floods', 'closes', 'later', 'crashes', 'missing', 'closed'].map((name) =>
        forward(name, robots.program(name)),
      ),
      ...[1, 65, 67, 68, 77, 78].map((status) => forward(`exit${status}`, `${robots.program('exits')} ${status}`)),
    ]),
    { config: { 'dmail.ini': faultIni({ robot: robotIni }) } },
  )
  return {
    site,
    robots,
    haraka,
    submit: async (to, bytes) => {
      const { final } = await send(haraka.port, {
        from: 'fred@domain1.com',
        to: [`${to}@domain1.com`],
        message: letter(to, bytes),
      })
      assert.equal(codes(final), '250 2.0.0', final.text)
    },
    reports: (to) =>
      site
        .mail('fred')
        .filter(({ body }) => new RegExp(`^Final-Recipient: rfc822; ?${to}@domain1\\.com$`, 'm').test(body)),
  }
}

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and robots that misbehave`, () => {
    let scene: Scene
    before(async () => {
      scene = await startScene(version, ['timeout=2s'])
    })
    after(() => scene.haraka.stop())

    const note = (robot: string, name: string): Promise<string> =>
      scene.haraka.waitFor(() => scene.robots.noted(robot, name))
    /** Waits for a log line about the robot, mends it, and sees the message taken, once. */
    async function takenWhenMended(robot: string, complaint: RegExp, from: number): Promise<void> {
      await scene.haraka.waitForLog(complaint, { from })
      assert.ok(
        queueTexts(scene.haraka).some((text) => text.includes(`Subject: ${robot}\r\n`)),
        'it waits in the queue',
      )
      scene.robots.mend(robot)
      await queueIsEmpty(scene.haraka)
      const folder = readdirSync(scene.site.path(`bad/${robot}.d`))
      assert.equal(folder.filter((name) => /^taken-\d+$/.test(name)).length, 1)
      assert.equal(scene.reports(robot).length, 0, 'nobody is told')
    }

    it('one that hangs gets TERM at its time limit, and the message another try', async () => {
      const from = scene.haraka.log.length
      await scene.submit('hangs')
      const pid = Number(await note('hangs', 'started'))
      assert.equal(await note('hangs', 'term'), String(pid))
      await takenWhenMended('hangs', /deferred hangs@domain1\.com: 4\.3\.0 .*time limit/, from)
      assert.ok(!isRunning(pid))
    })

    it('one that ignores TERM is killed, and so are its children', async () => {
      const from = scene.haraka.log.length
      await scene.submit('stubborn')
      const pids = [Number(await note('stubborn', 'started')), Number(await note('stubborn', 'child'))]
      await takenWhenMended('stubborn', /deferred stubborn@domain1\.com: 4\.3\.0 .*time limit/, from)
      assert.deepEqual(pids.filter(isRunning), [])
    })

    it('a child that goes on after its end is killed; the message is delivered', async () => {
      await scene.submit('forks')
      await queueIsEmpty(scene.haraka)
      const child = Number(await note('forks', 'child'))
      await scene.haraka.waitFor(() => !isRunning(child))
      assert.equal(scene.reports('forks').length, 0)
    })

    it('one that a signal ends, or that asks for it (75), gets another try', async () => {
      for (const [robot, complaint] of [
        ['crashes', /deferred crashes@domain1\.com: 4\.3\.0 .*SIGKILL/],
        ['later', /deferred later@domain1\.com: 4\.3\.0 .*exit status 75/],
      ] as const) {
        const from = scene.haraka.log.length
        await scene.submit(robot)
        await takenWhenMended(robot, complaint, from)
      }
    })

    it('100 MB of output take no memory, and 2 KiB of it come into the report', async () => {
      const before = peakMemory(worker(scene.haraka))
      await scene.submit('floods')
      await queueIsEmpty(scene.haraka)
      const [report, ...more] = scene.reports('floods')
      assert.ok(report !== undefined && more.length === 0)
      const longest = Math.max(...[...report.body.matchAll(/x+/g)].map(([run]) => run.length))
      assert.ok(longest >= 64 && longest <= 2048, `a run of ${longest}`)
      const growth = peakMemory(worker(scene.haraka)) - before
      assert.ok(growth < 50, `the worker grew by ${growth} MiB`)
    })

    const returned = [
      { robot: 'closes', what: 'that closes its input early', bytes: LONG, status: '5.3.0' },
      { robot: 'missing', what: 'that is missing', bytes: 100, status: '5.3.0' },
      { robot: 'closed', what: 'that is not executable', bytes: 100, status: '5.3.0' },
      ...[
        ['exit1', '5.3.0'],
        ['exit65', '5.6.0'],
        ['exit67', '5.1.1'],
        ['exit68', '5.1.2'],
        ['exit77', '5.7.0'],
        ['exit78', '5.3.5'],
      ].map(([robot = '', status = '']) => ({ robot, what: `that ends with ${robot.slice(4)}`, bytes: 100, status })),
    ]
    for (const { robot, what, bytes, status } of returned) {
      it(`one ${what}: the sender has the message back with ${status}`, async () => {
        await scene.submit(robot, bytes)
        await queueIsEmpty(scene.haraka)
        const reports = scene.reports(robot)
        assert.equal(reports.length, 1)
        assert.match(reports[0]?.body ?? '', new RegExp(`^Status: ${status.replaceAll('.', '\\.')}\\b`, 'm'))
      })
    }
  })
}

describe('Haraka 3.3 with exit_status=ignore', () => {
  it('counts a robot that fails as served, and says so in the log; 75 still asks for another try', async () => {
    const scene = await startScene('3.3', ['exit_status=ignore'])
    await scene.submit('exit1')
    await scene.haraka.waitForLog(/exit status 1; it is ignored/)
    await queueIsEmpty(scene.haraka)
    await scene.submit('later')
    await scene.haraka.waitForLog(/deferred later@domain1\.com: 4\.3\.0/)
    scene.robots.mend('later')
    await queueIsEmpty(scene.haraka)
    assert.deepEqual(scene.site.mail('fred'), [], 'there is no report')
    await scene.haraka.stop()
  })
})
