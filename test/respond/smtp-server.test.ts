import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listeningServer, parseServer, serverOf } from '../../lib/respond/smtp-server.js'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'

describe('the server of a smtp.ini', () => {
  const rows: readonly (readonly [ini: string, host: string, port: number])[] = [
    ['', '127.0.0.1', 25],
    ['; listen=[::0]:2525\n', '127.0.0.1', 25],
    ['listen=127.0.0.1:2525\n', '127.0.0.1', 2525],
    ['[main]\r\nlisten = 127.0.0.1:2525\r\n', '127.0.0.1', 2525],
    ['listen=[::0]:2525\n', '127.0.0.1', 2525],
    ['listen=0.0.0.0:2525\n', '127.0.0.1', 2525],
    ['listen=[::1]:2525\n', '::1', 2525],
    ['listen=192.0.2.1:25,127.0.0.1:2525\n', '127.0.0.1', 2525],
    ['listen=192.0.2.1:25 192.0.2.1:587\n', '192.0.2.1', 25],
    ['listen=[::0]:465,[::0]:26\n', '127.0.0.1', 26],
    ['port=2526\n', '127.0.0.1', 2526],
    ['port=2526\nlisten=127.0.0.2\n', '127.0.0.2', 2526],
    ['[other]\nlisten=127.0.0.1:1\n', '127.0.0.1', 25],
    ['listen=127.0.0.1:2525\n[main.x]\nlisten=127.0.0.1:1\n', '127.0.0.1', 2525],
  ]
  for (const [ini, host, port] of rows) {
    it(`${JSON.stringify(ini)} is ${host} port ${port}`, () => {
      assert.deepEqual(listeningServer(ini), { host, port })
    })
  }

  it('is that of the Haraka directory, and Haraka\u2019s default where there is none', async () => {
    const dir = tempDir('smtp-ini')
    assert.deepEqual(await serverOf(dir), { host: '127.0.0.1', port: 25 })
    writeInto(dir, 'config/smtp.ini', 'listen=127.0.0.1:2525\n')
    assert.deepEqual(await serverOf(dir), { host: '127.0.0.1', port: 2525 })
  })
})

describe('the server of --smtp', () => {
  const rows: readonly (readonly [text: string, server: ReturnType<typeof parseServer>])[] = [
    ['2525', { host: '127.0.0.1', port: 2525 }],
    ['127.0.0.1:2525', { host: '127.0.0.1', port: 2525 }],
    ['mail.domain1.com', { host: 'mail.domain1.com', port: 25 }],
    ['[::1]:2525', { host: '::1', port: 2525 }],
    ['0', undefined],
    ['65536', undefined],
    ['a b', undefined],
  ]
  for (const [text, server] of rows) {
    it(text, () => {
      assert.deepEqual(parseServer(text), server)
    })
  }
})
