import assert from 'node:assert/strict'
import { parseIni } from '../../lib/conf/ini.js'
import type { EtrnRules } from '../../lib/etrn/permission.js'
import { gatewayTable } from '../../lib/routing/gateways.js'
import { buildEtrn } from '../../lib/suite/rules.js'
import { confOf, shown } from '../conf/helpers.js'

/** The rules that lines of dmail.conf, and of section [etrn] of dmail.ini, make. domain1.com is local. */
export function etrnRules(conf: readonly string[], ini = ''): EtrnRules {
  const read = confOf(conf.join('\n'))
  const settings = parseIni(`[etrn]\n${ini}`, 'dmail.ini', '/srv/haraka')
  assert.deepEqual(shown([...read.problems, ...settings.problems]), [])
  const gateways = gatewayTable(read.conf.all('gateway').map(({ value, at }) => ({ ...value, at })))
  const local = { name: 'domain1.com', prefix: undefined, dropPath: '/var/dmail/in' }
  return buildEtrn(
    { conf: read.conf, ini: settings.ini },
    { gateways, localDomains: new Map([['domain1.com', local]]) },
  )
}
