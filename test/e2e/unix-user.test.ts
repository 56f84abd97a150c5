import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { atExit } from '../support/cleanup.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { codes, confOf, makeSite, note, startSite, type Site } from './site.js'

/** An account of the system this test may have mail for. */
interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

const isRoot = process.getuid?.() === 0

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} with authent_method unix_user`, () => {
    const site = makeSite()
    let haraka: Haraka
    let account: Account
    before(async () => {
      account = isRoot ? addAccount(site) : ownAccount()
      haraka = await startSite(version, confOf(site, ['authent_method unix_user']))
    })
    after(() => haraka.stop())

    const deliver = async (subject: string): Promise<string[]> => {
      const { final } = await send(haraka.port, {
        from: 'ann@example.com',
        to: [`${account.name}@domain1.com`],
        message: note(subject),
      })
      assert.equal(codes(final), '250 2.0.0', final.text)
      return site.holding(subject)
    }

    it('a user of the system has a drop file of her own: uid, group mail, mode 0660 (D5)', async () => {
      assert.deepEqual(await deliver('plain'), [`in/${account.name}`])
      const { uid, gid, mode } = statSync(site.path(`in/${account.name}`))
      assert.equal(mode & 0o777, 0o660)
      assert.equal(uid, account.uid)
      // A server that is not root can give a file to no other group.
      if (isRoot) assert.equal(gid, groupMail() ?? account.gid)
    })

    it('.fwd is not looked at where there is a home (R14)', async () => {
      site.write(`in/${account.name}.fwd`, 'guest@domain1.com\n')
      assert.deepEqual(await deliver('with .fwd'), [`in/${account.name}`])
    })

    it('who is no user of the system is refused', async () => {
      const to = `x${randomBytes(6).toString('hex')}@domain1.com`
      const { final } = await send(haraka.port, { from: 'ann@example.com', to: [to], message: note('nobody') })
      assert.equal(codes(final), '550 5.1.1')
    })

    it('without any relay rule nobody relays (A1)', async () => {
      const to = ['guest@example.com']
      const { final } = await send(haraka.port, { from: 'ann@domain1.com', to, message: note('open') })
      assert.equal(codes(final), '550 5.7.1')
    })

    describe('and .forward in the home', { skip: isRoot ? false : 'needs root, to make an account' }, () => {
      const forward = (text: string, mode = 0o644): void => {
        const file = path.join(account.home, '.forward')
        site.write(path.relative(site.dir, file), text)
        execFileSync('chmod', [mode.toString(8), file])
        chownSync(file, account.uid, account.gid)
      }

      it('is used instead of the drop file', async () => {
        forward('root\n')
        assert.deepEqual(await deliver('forwarded'), ['in/root'])
      })

      it('keeps the mailbox with \\user', async () => {
        forward(`root, \\${account.name}\n`)
        assert.deepEqual(await deliver('both'), [`in/${account.name}`, 'in/root'].sort())
      })

      it('is ignored with a warning when others may write to it (R13)', async () => {
        forward('root\n', 0o666)
        const from = haraka.log.length
        assert.deepEqual(await deliver('unsafe'), [`in/${account.name}`])
        await haraka.waitForLog(/\[WARN\].*forward file is ignored: others than its owner can write to it/, { from })
      })

      it('runs no program and writes no file of its own choice (R16)', async () => {
        forward(`|/bin/true\n${site.path('files/mine')}\n`)
        assert.deepEqual(await deliver('own program'), [`in/${account.name}`])
        assert.ok(!existsSync(site.path('files/mine')))
        assert.deepEqual(haraka.queueFiles(), [])
      })

      it('an empty one is normal delivery (R12)', async () => {
        forward('')
        assert.deepEqual(await deliver('empty'), [`in/${account.name}`])
      })
    })
  })
}

/** A new account whose home lies in the site; gone when this process ends. */
function addAccount(site: Site): Account {
  const name = `dmt${randomBytes(4).toString('hex')}`
  const home = site.path('home')
  mkdirSync(home)
  execFileSync('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin', name], {
    stdio: 'pipe',
  })
  atExit(() => {
    execFileSync('userdel', [name], { stdio: 'pipe' })
    rmSync(home, { recursive: true, force: true })
  })
  const [uid, gid] = idsOf(name)
  chownSync(home, uid, gid)
  return { name, uid, gid, home }
}

function ownAccount(): Account {
  const { username: name, uid, gid, homedir: home } = userInfo()
  return { name, uid, gid, home }
}

function idsOf(name: string): [uid: number, gid: number] {
  const [, , uid, gid] = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).split(':')
  return [Number(uid), Number(gid)]
}

function groupMail(): number | undefined {
  try {
    return Number(execFileSync('getent', ['group', 'mail'], { encoding: 'utf8', stdio: 'pipe' }).split(':')[2])
  } catch {
    return undefined
  }
}
