import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkCluster } from '../../lib/conf/cluster.js'
import { parseIni } from '../../lib/conf/ini.js'
import { addressText, parseRedisIni, readRedisSettings, type RedisAddress } from '../../lib/cluster/settings.js'

const LOCAL: RedisAddress = { host: '127.0.0.1', port: 6379, tls: false, database: 0 }

interface Row {
  readonly name: string
  readonly ini: readonly string[]
  readonly server?: Partial<RedisAddress>
  readonly pubsub?: Partial<RedisAddress>
  readonly bad?: RegExp
}

const ROWS: readonly Row[] = [
  { name: 'an empty file is Redis on this machine', ini: [] },
  { name: 'the file that Haraka ships says the same', ini: ['', '[server]', '; host=127.0.0.1', '[opts]', '# db=1'] },
  {
    name: '[server] and [pubsub] are two servers',
    ini: ['[server]', 'host=one.example', '[pubsub]', 'host = two.example', 'port = 7000'],
    server: { host: 'one.example' },
    pubsub: { host: 'two.example', port: 7000 },
  },
  {
    name: '[opts] is for both, and each may say something else',
    ini: ['[opts]', 'database=3', 'password=p;w#d', '[server]', 'database=4', '[pubsub]', 'username=dmail'],
    server: { database: 4, password: 'p;w#d' },
    pubsub: { database: 3, password: 'p;w#d', username: 'dmail' },
  },
  {
    name: 'the older names ip and db are known',
    ini: ['[server]', 'ip=10.0.0.1', 'db=2'],
    server: { host: '10.0.0.1', database: 2 },
  },
  {
    name: 'a socket',
    ini: ['[opts]', 'path=/run/redis.sock'],
    server: { path: '/run/redis.sock' },
    pubsub: { path: '/run/redis.sock' },
  },
  { name: 'TLS', ini: ['[server]', 'tls=true', '[pubsub]', 'tls=false'], server: { tls: true } },
  {
    name: 'an address in one line',
    ini: ['[server]', 'url=rediss://me:p%40ss@[::1]:7001/5'],
    server: { host: '::1', port: 7001, tls: true, database: 5, username: 'me', password: 'p@ss' },
  },
  { name: 'a port that is none', ini: ['[server]', 'port=six'], bad: /\[server\] port is not a number up to 65535/ },
  { name: 'a port that is too large', ini: ['[pubsub]', 'port=70000'], bad: /\[pubsub\] port/ },
  { name: 'neither true nor false', ini: ['[opts]', 'tls=perhaps'], bad: /tls is neither true nor false/ },
  { name: 'an address of something else', ini: ['[server]', 'url=http://secret@host'], bad: /url is not one like/ },
]

describe('[cluster] of dmail.ini', () => {
  const rows: readonly [ini: string, problems: readonly string[]][] = [
    ['redis=true', []],
    ['node=mail-1.example.com\nprefix=site:mail', []],
    ['node=mail 1', ['dmail.ini:2 "mail 1" cannot be the node of a cluster']],
    ['prefix=', ['dmail.ini:2 "" cannot be the prefix of a cluster']],
  ]
  for (const [text, expected] of rows) {
    it(text.replace('\n', ', '), () => {
      const { ini, given } = parseIni(`[cluster]\n${text}\n`, 'dmail.ini', '/srv')
      const found = checkCluster(ini, given).map(({ at, message }) => `${at.file}:${at.line} ${message}`)
      assert.deepEqual(found, expected)
    })
  }
})

describe('config/redis.ini', () => {
  for (const { name, ini, server = {}, pubsub = {}, bad } of ROWS) {
    it(name, () => {
      const read = parseRedisIni(ini.join('\n'))
      if (bad !== undefined) {
        assert.ok(!read.ok)
        assert.match(read.message, bad)
        assert.doesNotMatch(read.message, /secret/)
        return
      }
      assert.deepEqual(read, {
        ok: true,
        settings: { server: { ...LOCAL, ...server }, pubsub: { ...LOCAL, ...pubsub } },
      })
    })
  }

  it('need not be there', async () => {
    assert.deepEqual(await readRedisSettings('/nowhere'), { ok: true, settings: { server: LOCAL, pubsub: LOCAL } })
  })

  it('is told in the log without what is secret', () => {
    assert.equal(addressText({ ...LOCAL, host: '::1', database: 2, tls: true, password: 'x' }), '[::1]:6379/2 with TLS')
    assert.equal(addressText({ ...LOCAL, path: '/run/redis.sock', username: 'u' }), '/run/redis.sock')
  })
})
