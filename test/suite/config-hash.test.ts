import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parseIni } from '../../lib/conf/ini.js'
import { configurationHash } from '../../lib/suite/config-hash.js'
import { inTemporaryDirectory } from '../delivery/helpers.js'

function hashOf(conf: string, ini: string): Promise<string> {
  let hash = ''
  return inTemporaryDirectory(async (directory) => {
    const file = path.join(directory, 'dmail.conf')
    await writeFile(file, conf)
    hash = await configurationHash({ files: [file], iniLines: parseIni(ini, 'dmail.ini', '/srv').given })
  }).then(() => hash)
}

describe('two nodes', () => {
  const conf = 'host_domain example.com\nlock_id mail1\n'
  const ini = '[cluster]\nredis=true\nnode=mail1\n'
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ['with the same files', conf, ini, true],
    [
      'whose names and lock_id differ',
      conf.replace('lock_id mail1', ' Lock_ID\tmail2'),
      ini.replace('mail1', 'mail2'),
      true,
    ],
    ['one of which has another setting', conf.replace('example.com', 'example.org'), ini, false],
    ['one of which has another setting of dmail.ini', conf, ini.replace('true', 'false'), false],
  ]
  for (const [name, otherConf, otherIni, same] of rows) {
    it(`${name} are configured ${same ? 'alike' : 'differently'}`, async () => {
      assert.equal((await hashOf(conf, ini)) === (await hashOf(otherConf, otherIni)), same)
    })
  }
})
