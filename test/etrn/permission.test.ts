import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayAsk } from '../../lib/etrn/permission.js'
import { etrnRules } from './rules.js'

const CLIENT = '192.0.2.7'

describe('the domains that may be asked for (Q6)', () => {
  const rows: [lines: string[], domain: string, allowed: boolean][] = [
    [[], 'example.com', false],
    [['gateway example.com 192.0.2.7'], 'example.com', true],
    [['gateway example.com 192.0.2.7'], 'sub.example.com', false],
    [['gateway *.example.com 192.0.2.7'], 'sub.example.com', true],
    [['gateway *.example.com 192.0.2.7'], 'example.com', false],
    [['gateway * 192.0.2.7'], 'example.com', false],
    [['gateway * 192.0.2.7', 'gateway example.com 192.0.2.8'], 'example.com', true],
    [['suspend_domain example.com'], 'example.com', true],
    [['suspend_domain Example.COM'], 'example.com', true],
    [['suspend_domain bücher.example.com'], 'xn--bcher-kva.example.com', true],
    [['suspend_domain example.net,*.example.com'], 'sub.example.com', true],
    [['suspend_domain *'], 'example.com', false],
    [['suspend_domain *.*'], 'example.com', false],
    [['suspend_domain *,example.com'], 'example.com', true],
    [['suspend_domain *,example.com'], 'example.net', false],
    [['suspend_domain *,!example.com'], 'example.com', false],
    [['suspend_domain *.example.com,!sub.example.com'], 'sub.example.com', false],
    [['suspend_domain !example.net'], 'example.com', false],
    [['relay_to example.com'], 'example.com', true],
    [['relay_to *'], 'example.com', false],
    [['relay_to *', 'suspend_domain example.com'], 'example.com', true],
    [['forward_from example.com'], 'example.com', false],
    [['gateway domain1.com 192.0.2.7', 'relay_to domain1.com'], 'domain1.com', false],
  ]
  for (const [lines, domain, allowed] of rows) {
    it(`${lines.join(', ') || 'no line at all'}: ${domain} ${allowed ? 'may' : 'may not'} be asked for`, () => {
      assert.equal(mayAsk(etrnRules(lines), CLIENT, domain), allowed)
    })
  }
})

describe('the clients that may ask ([etrn] allow)', () => {
  const rows: [allow: string, ip: string, allowed: boolean][] = [
    ['', CLIENT, true],
    ['allow=*', '2001:db8::7', true],
    ['allow=192.0.2.0/24', CLIENT, true],
    ['allow=192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['allow=192.0.2.0/24', '198.51.100.7', false],
    ['allow=*,!192.0.2.7', CLIENT, false],
  ]
  for (const [allow, ip, allowed] of rows) {
    it(`${allow || 'no line'}: ${ip} ${allowed ? 'may' : 'may not'}`, () => {
      assert.equal(mayAsk(etrnRules(['relay_to example.com'], allow), ip, 'example.com'), allowed)
    })
  }
})
