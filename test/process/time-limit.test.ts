import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { limitTime } from '../../lib/process/group.js'

describe('the time limit of a program', () => {
  const rows: readonly (readonly [string, string, string, number])[] = [
    ['asks the group to end', 'process.on("SIGTERM", () => process.exit(3))', 'exit 3', 60_000],
    ['ends what does not listen', 'process.on("SIGTERM", () => {})', 'signal SIGKILL', 1],
  ]
  for (const [name, script, expected, graceMs] of rows) {
    it(name, async () => {
      const program = `${script}; setInterval(() => {}, 1000); console.log('ready')`
      const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      const exited = once(child, 'exit') as Promise<[number | null, string | null]>
      const limit = limitTime(child.pid ?? 0, 1, graceMs)
      const [code, signal] = await exited
      limit.stop()
      assert.equal(code === null ? `signal ${String(signal)}` : `exit ${code}`, expected)
      assert.ok(limit.isOver())
    })
  }
})
