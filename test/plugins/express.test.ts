import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { findsExpress } from '../../plugins/haraka/express.js'
import { tempDir } from '../support/cleanup.js'

test('Express is looked for where Haraka would find it', () => {
  const dir = tempDir('express')
  const program = path.join(dir, 'node_modules/Haraka/bin/haraka')
  mkdirSync(path.join(dir, 'node_modules/express'), { recursive: true })
  assert.equal(findsExpress(program), false, 'an empty folder')
  writeFileSync(path.join(dir, 'node_modules/express/index.js'), '')
  assert.equal(findsExpress(program), true)
})
