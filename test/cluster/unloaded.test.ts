import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { it } from 'node:test'

const ROOT = path.join(__dirname, '../..')

/** The packages that are loaded when a process has done this. */
function loadedBy(code: string): string {
  const program = `
    const path = require('node:path')
    const work = async () => { ${code} }
    work().then(() => { console.log(Object.keys(require.cache).join('\\n')); process.exit() })`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: ROOT, encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  return stdout
}

const SETTINGS = "node: 'one', prefix: 'x', answerTimeout: 1000"
const open = (redis: boolean): string => `
  const { createSeat } = require('./plugins/cluster.js')
  await createSeat().open('/nowhere', { redis: ${String(redis)}, ${SETTINGS} }, () => undefined)
  await new Promise((resolve) => setTimeout(resolve, 0))`

it('without [cluster] redis=true nothing of Redis is loaded', () => {
  assert.doesNotMatch(loadedBy(open(false)), /node_modules\/@redis/)
  // It would be seen if it were.
  assert.match(loadedBy(open(true)), /node_modules\/@redis/)
})
