import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { makeSite, siteConf, startSite, users, type Site } from '../e2e/site.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { parseMbox } from '../support/mbox.js'
import { faultIni } from './site.js'
import { isWhole, ROBOT } from './traffic.js'

/** The files that letters are written to, relative to the site. */
export const PLACES = ['in/bob', 'in/fred', 'in/john', 'in/kate', 'in/mary', 'files/archive.mbox'] as const

/** A site with every kind of place that the letters of traffic.ts go to. */
export interface KillSite {
  readonly site: Site
  readonly haraka: Haraka
  /** The Message-IDs in a place, once for each copy; throws when one is torn. */
  idsIn(place: string): string[]
}

export async function startKillSite(version: HarakaVersion): Promise<KillSite> {
  const site = makeSite()
  const taken = site.path('taken')
  for (const folder of ['taken', 'tmp']) mkdirSync(site.path(folder))
  // Robots run as another account when the tests run as root.
  chmodSync(taken, 0o777)
  site.write('robot', `#!/bin/sh\npart=$(mktemp '${taken}/part-XXXXXX')\ncat > "$part"\nmv "$part" "$part.done"\n`)
  chmodSync(site.path('robot'), 0o755)
  site.write('users.txt', users('bob', 'fred', 'john', 'kate', 'mary'))
  site.write('aliases.txt', 'team: bob, fred, john\n')
  const conf = siteConf(site, [
    `alias_file ${site.path('aliases.txt')}`,
    `forward archive@domain1.com ${site.path('files/archive.mbox')}`,
    `forward help@domain1.com |${site.path('robot')}`,
  ])
  const haraka = await startSite(version, conf, {
    config: {
      'dmail.ini': faultIni({ robot: ['per_program=8'] }),
      'log.ini': '[main]\nlevel=notice\ntimestamps=true\n',
    },
    // What a killed server leaves of large messages goes with the site.
    env: { TMPDIR: site.path('tmp') },
  })

  function robotIds(): string[] {
    // A robot whose server dies sees its input end too soon; it runs again. What counts is what it had from end to end.
    return readdirSync(taken)
      .filter((name) => name.endsWith('.done'))
      .map((name) => readFileSync(path.join(taken, name), 'utf8'))
      .filter(isWhole)
      .map((text) => /^Message-ID: (.*)$/m.exec(text)?.[1] ?? '')
  }

  return {
    site,
    haraka,
    idsIn: (place) => {
      if (place === ROBOT) return robotIds()
      // Not readMbox: what is read is what is there now, also while others write.
      return parseMbox(readFileSync(site.path(place), 'utf8')).map((message) => {
        const id = message.header('Message-ID') ?? ''
        if (!isWhole(message.body)) throw new Error(`${place}: the message ${id} is torn`)
        return id
      })
    },
  }
}
