import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { tempDir } from '../support/cleanup.js'
import { startNextHop, type NextHop, type NextHopReplies } from '../support/next-hop.js'

const PROGRAM = path.join(__dirname, '../../bin/drespond.js')
const MESSAGE = 'From: ann@example.com\nTo: bob@domain1.com\nSubject: lunch\n\nAt noon?\n'

interface Scene {
  readonly hop: NextHop
  readonly memory: string
  /** Starts drespond on the message; `ended` resolves to its exit status or the signal that ended it. */
  readonly start: () => { readonly kill: (signal: NodeJS.Signals) => void; readonly ended: Promise<number | string> }
}

async function withScene(reply: NextHopReplies, test: (scene: Scene) => Promise<void>): Promise<void> {
  const dir = tempDir('drespond')
  const hop = await startNextHop({ reply })
  writeFileSync(path.join(dir, 'away.txt'), 'Away.\n')
  const start: Scene['start'] = () => {
    const args = [PROGRAM, '--memory', 'memory', '--smtp', String(hop.port), 'away.txt']
    const env = { PATH: process.env['PATH'], SENDER: 'ann@example.com', RECIPIENT: 'bob@domain1.com' }
    const child = spawn(process.execPath, args, { cwd: dir, env, stdio: ['pipe', 'ignore', 'inherit'] })
    child.stdin.end(MESSAGE)
    const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
    return { kill: (signal) => child.kill(signal), ended }
  }
  try {
    await test({ hop, memory: path.join(dir, 'memory/bob@domain1.com.answered'), start })
  } finally {
    await hop.close()
  }
}

const never = (): Promise<undefined> => new Promise(() => undefined)

describe('the program drespond', () => {
  it('answers once where several of it have mail of one sender at the same time', async () => {
    let together: () => void = () => undefined
    const all = new Promise<undefined>((resolve) => {
      together = () => {
        resolve(undefined)
      }
    })
    let count = 0
    const rcpt = (): Promise<undefined> => {
      if (++count === 4) together()
      return all
    }
    await withScene({ rcpt }, async ({ hop, start }) => {
      const statuses = await Promise.all([start(), start(), start(), start()].map(({ ended }) => ended))
      assert.deepEqual(statuses, [0, 0, 0, 0])
      assert.equal(hop.messages.length, 1)
    })
  })

  it('told to end before its answer is out takes it back and asks for another try', async () => {
    await withScene({ data: never }, async ({ hop, start, memory }) => {
      const first = start()
      await hop.waitForLine(/^C: DATA$/)
      assert.match(readFileSync(memory, 'utf8'), /ann@example\.com/)
      first.kill('SIGTERM')
      assert.equal(await first.ended, 75)
      assert.doesNotMatch(readFileSync(memory, 'utf8'), /ann@example\.com/)
      hop.reply = {}
      assert.equal(await start().ended, 0)
      assert.equal(hop.messages.length, 1)
    })
  })

  it('killed before the server took its recipient leaves nothing behind', async () => {
    await withScene({ rcpt: never }, async ({ hop, start, memory }) => {
      const first = start()
      await hop.waitForLine(/^C: RCPT/)
      first.kill('SIGKILL')
      assert.equal(await first.ended, 'SIGKILL')
      assert.equal(existsSync(memory), false)
      hop.reply = {}
      assert.equal(await start().ended, 0)
      assert.equal(hop.messages.length, 1)
    })
  })

  it('killed when the server has its answer does not answer again', async () => {
    await withScene({ message: never }, async ({ hop, start }) => {
      const first = start()
      await hop.waitForLine(/^S: 354/)
      // The text is on its way with the next thing that is read.
      first.kill('SIGKILL')
      assert.equal(await first.ended, 'SIGKILL')
      hop.reply = {}
      assert.equal(await start().ended, 0)
      assert.equal(hop.messages.length, 0)
    })
  })
})
