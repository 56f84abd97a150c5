import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileIpList } from '../../lib/conf/ip-list.js'

describe('IP lists (C4)', () => {
  const rows: [list: string, ip: string, matches: boolean][] = [
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.30', false],
    ['10.1.2.*', '10.1.2.30', true],
    ['10.1.2.*', '10.1.20.3', false],
    ['10.1.2.?', '10.1.2.30', false],
    ['10.1.2.0/24', '10.1.2.255', true],
    ['10.1.2.0/24', '10.1.3.0', false],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['10.1.2.3-10.1.3.4', '10.1.2.255', true],
    ['10.1.2.3-10.1.3.4', '10.1.3.5', false],
    ['10.1.2.3 - 10.1.3.4', '10.1.2.3', true],
    ['127.0.0.1, 10.*', '10.9.8.7', true],
    ['!*,127.*', '127.0.0.1', true],
    ['*,!127.*', '127.0.0.1', false],
    ['10.0.0.0/8,!10.1.0.0/16', '10.1.2.3', false],
    ['10.1.2.3', '::ffff:10.1.2.3', true],
    ['10.1.2.*', '::ffff:10.1.2.3', true],
    ['::ffff:10.1.2.3', '10.1.2.3', true],
    ['::ffff:10.1.2.0/120', '10.1.2.9', true],
    ['::ffff:10.1.2.0/120', '10.1.3.9', false],
    ['2001:db8::/32', '2001:DB8:0:0::1', true],
    ['2001:0db8:0::1', '2001:db8::1', true],
    ['2001:db8:*', '2001:db8:1::2', true],
    ['2001:db8::1-2001:db8::f', '2001:db8::a', true],
    ['2001:db8::1-2001:db8::f', '10.1.2.3', false],
    ['fe80::1', 'fe80::1%eth0', true],
    ['*', 'no address', false],
    ['10.1.2.3', '', false],
  ]
  for (const [list, ip, matches] of rows) {
    it(`"${list}" ${matches ? 'has' : 'does not have'} ${ip === '' ? 'an empty text' : ip}`, () => {
      assert.equal(compileIpList(list)(ip), matches)
    })
  }

  const wrong: [list: string, message: string, offset: number][] = [
    ['10.1.2', '"10.1.2" is not an IP address', 0],
    ['10.1.2.256', '"10.1.2.256" is not an IP address', 0],
    ['010.1.2.3', '"010.1.2.3" is not an IP address', 0],
    ['10.1.2.3,domain1.com', '"domain1.com" is not an IP address', 9],
    ['10.1.2.3 10.1.2.4', '"10.1.2.3 10.1.2.4" is not an IP address', 0],
    ['10.1.2.3, !*.domain1.com', '"*.domain1.com" is not an IP pattern', 11],
    ['10.0.0.0/33', '"10.0.0.0/33" is not an IP network', 0],
    ['10/8', '"10/8" is not an IP network', 0],
    ['::ffff:10.0.0.0/8', '"::ffff:10.0.0.0/8" is not an IP network', 0],
    ['10.1.2.9-10.1.2.3', '"10.1.2.9-10.1.2.3" is not an IP range', 0],
    ['10.1.2.3-2001:db8::1', '"10.1.2.3-2001:db8::1" is not an IP range', 0],
    ['10.1.2.3-9', '"10.1.2.3-9" is not an IP range', 0],
  ]
  for (const [list, message, offset] of wrong) {
    it(`refuses "${list}"`, () => {
      assert.throws(() => compileIpList(list), { name: 'IpPatternError', message, offset })
    })
  }

  it('gives each of several clients its own answer', () => {
    const matches = compileIpList('10.1.2.3')
    assert.deepEqual(['10.1.2.3', '10.1.2.4', '10.1.2.3', 'x', '10.1.2.3'].map(matches), [
      true,
      false,
      true,
      false,
      true,
    ])
  })
})
