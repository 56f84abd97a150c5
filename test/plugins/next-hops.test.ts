import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { beforeEach, describe, it } from 'node:test'
import { watchNextHops } from '../../plugins/haraka/next-hops.js'
import type { HarakaClientPool, HarakaHmail, HarakaHmailClass, HarakaMx } from '../../plugins/haraka/outbound-types.js'

const MX: HarakaMx = { exchange: '192.0.2.1', port: 25, from_dns: 'mx.example.com' }

describe('why the last next hop could not be reached', () => {
  let reasonOf: (hmail: HarakaHmail) => string
  /** An item with these next hops; `tryNext` does what Haraka's try_deliver does: takes the first and asks the pool for it. */
  let makeItem: (...mxlist: HarakaMx[]) => { hmail: HarakaHmail; tryNext: () => void }
  let connects: (mx: HarakaMx) => string | EventEmitter

  beforeEach(() => {
    const pool: HarakaClientPool = {
      get_client(mx, callback) {
        const found = connects(mx)
        if (typeof found === 'string') callback(found, null)
        else callback(null, found)
      },
    }
    const prototype = {
      try_deliver(this: HarakaHmail) {
        const mx = (this.mxlist as HarakaMx[]).shift()
        if (mx !== undefined) pool.get_client(mx, () => undefined)
      },
    }
    const hops = watchNextHops({ prototype } as unknown as HarakaHmailClass, pool)
    reasonOf = (hmail) => hops.lastError(hmail)
    makeItem = (...mxlist) => {
      const hmail = Object.assign(Object.create(prototype) as object, { mxlist }) as unknown as HarakaHmail
      return {
        hmail,
        tryNext: () => {
          prototype.try_deliver.call(hmail)
        },
      }
    }
  })

  const rows: readonly [string, HarakaMx, string][] = [
    ['is told with name, address and port', MX, 'mx.example.com [192.0.2.1]:25: connection refused'],
    ['has no name where none was looked up', { exchange: '192.0.2.1', port: 26 }, '[192.0.2.1]:26: connection refused'],
    ['names a socket by its path', { exchange: 'x', path: '/run/lmtp' }, '/run/lmtp: connection refused'],
  ]
  for (const [sentence, mx, expected] of rows) {
    it(sentence, () => {
      connects = () => 'connection refused'
      const { hmail, tryNext } = makeItem(mx)
      tryNext()
      assert.equal(reasonOf(hmail), expected)
    })
  }

  it('is that of the last one tried', () => {
    connects = ({ exchange }) => `no route to ${exchange}`
    const { hmail, tryNext } = makeItem(MX, { exchange: '192.0.2.2', port: 25 })
    tryNext()
    tryNext()
    assert.equal(reasonOf(hmail), '[192.0.2.2]:25: no route to 192.0.2.2')
  })

  it('is an error on the way, known before Haraka goes on to the next', () => {
    const socket = new EventEmitter()
    connects = () => socket
    const { hmail, tryNext } = makeItem(MX)
    tryNext()
    assert.equal(reasonOf(hmail), '')
    let seen = ''
    socket.once('error', () => {
      seen = reasonOf(hmail)
    })
    socket.emit('error', new Error('read ECONNRESET'))
    assert.equal(seen, 'mx.example.com [192.0.2.1]:25: read ECONNRESET')
  })

  it('is a connection that was closed too early', () => {
    const socket = new EventEmitter()
    connects = () => socket
    const { hmail, tryNext } = makeItem(MX)
    tryNext()
    socket.emit('close')
    assert.match(reasonOf(hmail), /: the connection was closed before the message was through$/)
  })

  it('is kept for each message by itself, and is empty for one that never failed', () => {
    connects = () => 'connection refused'
    const [failed, other] = [makeItem({ ...MX }), makeItem({ ...MX })]
    failed.tryNext()
    assert.notEqual(reasonOf(failed.hmail), '')
    assert.equal(reasonOf(other.hmail), '')
  })
})
