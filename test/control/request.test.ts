import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readRequest } from '../../lib/control/request.js'

describe('a request', () => {
  const rows: readonly [line: string, args: unknown][] = [
    ['{"command":"status"}', {}],
    ['{"command":"status","args":{"x":1}}', {}],
    ['{"command":"status","args":null}', {}],
    ['{"command":"queue.list","args":{"filter":[],"more":1}}', { filter: [] }],
    ['{"command":"queue.drop","args":{"filter":["all"]}}', { filter: ['all'] }],
    ['{"command":"queue.show","args":{"id":"x"}}', { id: 'x' }],
    ['{"command":"suspend","args":{"domain":"a"}}', { domain: 'a' }],
    ['{"command":"suspend","args":{"domain":"a","reason":"r","untilMs":5}}', { domain: 'a', reason: 'r', untilMs: 5 }],
    ['{"command":"etrn","args":{"node":"@a"}}', { node: '@a' }],
    ['{"command":"reload","args":{"x":1}}', {}],
    ['{"command":"config"}', {}],
    ['{"command":"config","args":{"setting":"a.b"}}', { setting: 'a.b' }],
    ['{"command":"route","args":{"address":"a@b","trusted":false}}', { address: 'a@b', trusted: false }],
    [
      '{"command":"route","args":{"address":"a","trusted":true,"from":"b","ip":"c","x":1}}',
      { address: 'a', trusted: true, from: 'b', ip: 'c' },
    ],
    ['{"command":"log","args":{"words":[]}}', { words: [] }],
    ['{"command":"log","args":{"words":["a"],"level":"info","lines":5}}', { words: ['a'], level: 'info', lines: 5 }],
    ['{"command":"log-level"}', {}],
    ['{"command":"log-level","args":{"level":"info"}}', { level: 'info' }],
  ]
  for (const [line, args] of rows) {
    it(`${line} is taken`, () => {
      const read = readRequest(line)
      assert.ok(read.ok)
      assert.deepEqual(read.request.args, args)
    })
  }

  const wrong: readonly string[] = [
    '{"command":"queue.list"}',
    '{"command":"queue.list","args":{"filter":[1]}}',
    '{"command":"queue.drop","args":[]}',
    '{"command":"queue.show","args":{}}',
    '{"command":"suspend","args":{"domain":["a"]}}',
    '{"command":"suspend","args":{"domain":"a","untilMs":"5"}}',
    '{"command":"suspend","args":{"domain":"a","untilMs":1e300}}',
    '{"command":"suspend","args":{"domain":"a","reason":5}}',
    '{"command":"resume","args":{}}',
    '{"command":"etrn","args":{"node":null}}',
    '{"command":"config","args":{"setting":5}}',
    '{"command":"route","args":{"address":"a@b"}}',
    '{"command":"route","args":{"trusted":true}}',
    '{"command":"route","args":{"address":"a@b","trusted":true,"from":5}}',
    '{"command":"route","args":{"address":"a@b","trusted":true,"ip":[]}}',
    '{"command":"log","args":{}}',
    '{"command":"log","args":{"words":[1]}}',
    '{"command":"log","args":{"words":[],"lines":1.5}}',
    '{"command":"log","args":{"words":[],"level":6}}',
    '{"command":"log-level","args":{"level":6}}',
  ]
  for (const line of wrong) {
    it(`${line} is refused`, () => {
      const read = readRequest(line)
      assert.ok(!read.ok)
      assert.match(read.error.message, /^the arguments of /)
    })
  }

  const places: readonly (readonly [line: string, on: unknown])[] = [
    ['{"command":"status","on":"all"}', 'all'],
    ['{"command":"status","on":{"node":"mail2","x":1}}', { node: 'mail2' }],
    ['{"command":"queue.drop","args":{"filter":["all"]},"on":{"node":"all"}}', { node: 'all' }],
    ['{"command":"status"}', undefined],
  ]
  for (const [line, on] of places) {
    it(`${line} is for ${JSON.stringify(on)}`, () => {
      const read = readRequest(line)
      assert.ok(read.ok)
      assert.deepEqual(read.request.on, on)
    })
  }

  const nowhere: readonly (readonly [line: string, message: RegExp])[] = [
    ['{"command":"status","on":"mail2"}', /^the nodes that status is for are wrong/],
    ['{"command":"status","on":{"node":"a b"}}', /^the nodes that status is for are wrong/],
    ['{"command":"status","on":{"node":["a"]}}', /^the nodes that status is for are wrong/],
    ['{"command":"status","on":null}', /^the nodes that status is for are wrong/],
    ['{"command":"reload","on":"all"}', /^reload is not carried out on other nodes/],
    ['{"command":"log","args":{"words":[]},"on":{"node":"mail2"}}', /^log is not carried out on other nodes/],
    ['{"command":"respond.release","args":{"user":"a","sender":"b"},"on":"all"}', /^respond\.release is not carried/],
  ]
  for (const [line, message] of nowhere) {
    it(`${line} is refused`, () => {
      const read = readRequest(line)
      assert.ok(!read.ok)
      assert.match(read.error.message, message)
    })
  }

  it('of any text is read without throwing', () => {
    const json = fc.json()
    const command = fc.record({
      command: fc.constantFrom('status', 'suspend', 'queue.list', '__proto__'),
      args: fc.jsonValue(),
      on: fc.jsonValue(),
    })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          json,
          command.map((value) => JSON.stringify(value)),
        ),
        (line) => {
          const read = readRequest(line)
          assert.ok(read.ok || (read.error.message !== '' && read.error.hint !== ''))
        },
      ),
    )
  })
})
