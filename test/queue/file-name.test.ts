import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { readFileName } from '../../lib/queue/file-name.js'

interface QueueFileNames {
  name(parts: { arrival: number; next_attempt: number; attempts: number; pid: number; uid: string }): string
  hostname(host: string): string
}

describe('the name of a queue file', () => {
  const made = '1700000000000_1700000007200_3_4711_x9Yz0A_17_mail.example.com'

  it('says when the message came, when it is due and how often it failed', () => {
    assert.deepEqual(readFileName(made), {
      id: `${(1_700_000_000_000).toString(36)}x9Yz0A`,
      arrivedMs: 1_700_000_000_000,
      dueMs: 1_700_000_007_200,
      attempts: 3,
    })
  })

  const others: readonly [string, string][] = [
    ['a file being written', `__tmp__.${made}`],
    ['one put aside', `error.${made}`],
    ['one of Haraka before 2.8', '1484878079415_0_12345_8888.mta1.example.com'],
    ['a part too few', '1700000000000_1700000007200_3_4711_x9Yz0A_mail.example.com'],
    ['a part too many', `${made}_x`],
    ['no host', '1700000000000_1700000007200_3_4711_x9Yz0A_17_'],
    ['a time that is none', '17x_1700000007200_3_4711_x9Yz0A_17_mail.example.com'],
    ['a negative time', '-1_1700000007200_3_4711_x9Yz0A_17_mail.example.com'],
    ['more digits than a number holds', `${'9'.repeat(17)}_1700000007200_3_4711_x9Yz0A_17_mail.example.com`],
    ['a way out of the directory', `1700000000000_1700000007200_3_4711_../../x_17_mail.example.com`],
    ['nothing', ''],
  ]
  for (const [sentence, file] of others) {
    it(`is not the name of ${sentence}`, () => {
      assert.equal(readFileName(file), undefined)
    })
  }

  for (const folder of ['haraka-3.3', 'haraka-3.1']) {
    const load = async (): Promise<QueueFileNames> =>
      ((await import(`${folder}/outbound/qfile.js`)) as { default: QueueFileNames }).default

    it(`is read as ${folder} made it, and the id outlasts every renaming`, async () => {
      const names = await load()
      const time = fc.integer({ min: 1, max: 4_102_444_800_000 })
      const text = fc.stringMatching(/^[A-Za-z0-9]{6}$/)
      fc.assert(
        fc.property(
          ...[time, time, time, fc.nat(99_999), fc.nat(99_999), text],
          (arrival, first, later, attempts, pid, uid) => {
            const before = readFileName(names.name({ arrival, next_attempt: first, attempts, pid: pid + 1, uid }))
            const after = readFileName(
              names.name({ arrival, next_attempt: later, attempts: attempts + 1, pid: pid + 2, uid }),
            )
            assert.deepEqual(before, { id: before?.id, arrivedMs: arrival, dueMs: first, attempts })
            assert.deepEqual(after, { id: before.id, arrivedMs: arrival, dueMs: later, attempts: attempts + 1 })
          },
        ),
      )
    })

    it(`may have any host name in ${folder}`, async () => {
      const names = await load()
      for (const host of ['mail_1.example.com', 'a:b', 'a\\b']) {
        assert.notEqual(readFileName(`1_2_0_5_abcdef_1_${names.hostname(host)}`), undefined, host)
      }
    })
  }

  it('gives two messages of one millisecond two ids', () => {
    const ids = ['AAAAAA', 'AAAAAB'].map((uid) => readFileName(`1700000000000_1_0_1_${uid}_1_h`)?.id)
    assert.notEqual(ids[0], ids[1])
  })
})
