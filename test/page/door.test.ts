import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createDoor } from '../../lib/page/door.js'
import { pageToken, TOKEN_FILE } from '../../lib/page/token-file.js'
import { tempDir } from '../support/cleanup.js'

const SECRET = 'a secret of some length'

function session(door: ReturnType<typeof createDoor>): string {
  const entrance = door.enter(SECRET, 'here')
  assert.ok(entrance.ok)
  return entrance.session
}

describe('the door of the page', () => {
  it('opens a session for the token, and for nothing else', () => {
    const door = createDoor(SECRET)
    assert.ok(door.formToken(session(door)) !== undefined)
    for (const wrong of ['', 'a secret', `${SECRET} `, SECRET.toUpperCase()]) {
      assert.deepEqual(door.enter(wrong, wrong), { ok: false, waitMs: 0 })
      assert.equal(door.knows(wrong, wrong), false)
    }
    assert.equal(door.knows(SECRET, 'here'), true)
  })

  it('a session ends after twelve hours, and none can be made or lengthened without the token', () => {
    let now = 1_000_000
    const door = createDoor(SECRET, () => now)
    const mine = session(door)
    const [end = '', code = ''] = mine.split('.')
    for (const forged of ['', '.', end, `${end}.`, `${Number(end) + 1}.${code}`, `${mine.slice(0, -1)}!`, `.${code}`]) {
      assert.equal(door.formToken(forged), undefined, forged)
    }
    assert.equal(createDoor('another token of it', () => now).formToken(mine), undefined)
    now += 12 * 3_600_000 - 1
    assert.ok(door.formToken(mine) !== undefined)
    now += 1
    assert.equal(door.formToken(mine), undefined)
  })

  it('a form is of one session', () => {
    let now = 1_000_000
    const door = createDoor(SECRET, () => now)
    const first = session(door)
    now++
    assert.notEqual(door.formToken(first), door.formToken(session(door)))
  })

  it('an address has ten tries a minute, also with the token then; others go on', () => {
    let now = 1_000_000
    const door = createDoor(SECRET, () => now)
    for (let tries = 0; tries < 10; tries++) assert.deepEqual(door.enter('wrong', 'there'), { ok: false, waitMs: 0 })
    assert.deepEqual(door.enter(SECRET, 'there'), { ok: false, waitMs: 60_000 })
    assert.ok(door.enter(SECRET, 'here').ok)
    now += 60_000
    assert.ok(door.enter(SECRET, 'there').ok)
  })
})

describe('the token file', () => {
  it('is made at the first start, for its owner alone, and kept', () => {
    const dir = tempDir('token')
    const token = pageToken(dir)
    assert.match(token, /^[\w-]{43}$/)
    assert.equal(statSync(path.join(dir, TOKEN_FILE)).mode & 0o777, 0o600)
    assert.equal(pageToken(dir), token)
    assert.equal(readFileSync(path.join(dir, TOKEN_FILE), 'utf8'), `${token}\n`)
  })

  const REFUSED = [
    { what: 'that others can read', mode: 0o644, text: 'x'.repeat(40), says: /can be read by others: chmod 600/ },
    { what: 'that is short', mode: 0o600, text: 'secret\n', says: /holds less than 20 characters: remove it/ },
    { what: 'that is empty', mode: 0o600, text: '', says: /holds less than 20 characters/ },
  ]
  for (const { what, mode, text, says } of REFUSED) {
    it(`one ${what} is refused`, () => {
      const file = path.join(tempDir('token'), TOKEN_FILE)
      writeFileSync(file, text)
      chmodSync(file, mode)
      assert.throws(() => pageToken(path.dirname(file)), says)
    })
  }
})
