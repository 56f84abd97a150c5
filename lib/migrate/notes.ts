import type { Problem } from '../conf/problem.js'
import { findProgram } from '../process/find.js'
import type { Migration } from './migrate.js'
import { MAX_PEOPLE } from './people.js'
import type { MappedLine } from './types.js'

const PLACES = new Set(['drop_path', 'alt_drop_path', 'vdomain', 'dsmtp_path'])

/** A drop directory that is not there makes its mail wait. */
export function missingPlaces(paths: readonly MappedLine[], { conf }: Migration): Problem[] {
  return paths
    .filter(({ name, path, exists }) => PLACES.has(name) && path !== null && !exists)
    .map(({ at, name, path }) => {
      const [, file = at, line = '1'] = /^(.*):(\d+)$/.exec(at) ?? []
      return {
        severity: 'warning',
        at: { file: file === '' ? (conf.source.files[0]?.path ?? '') : file, line: Number(line) },
        message: `${name}: there is no directory ${path ?? ''}`,
        hint: 'make it, or say with --map where it is: mail for its users would wait',
      }
    })
}

/** A module for Windows, or one that was not copied: nobody would be found. */
export async function missingModule({ loaded }: Migration): Promise<Problem[]> {
  const { conf } = loaded.configuration
  const setting = conf.setting('authent_process')
  if (conf.one('authent_method') !== 'external' || setting === undefined) return []
  const found = await findProgram(setting.value[0], [])
  if ('file' in found) return []
  const hint = 'use a module that runs here, of your own or a bundled one: see docs/users.md'
  const message = `the user module cannot run here: ${found.missing}`
  return [{ severity: 'error', at: setting.valueAt, message, hint }]
}

/** Differences that hold for everybody (README, "What is different"). */
export function generalOf({ loaded, snapshot, lists, conf, files }: Migration, tried: number): string[] {
  const general: string[] = []
  const add = (holds: boolean, text: string): void => {
    if (holds) general.push(text)
  }
  const tables = snapshot?.tables
  add(
    tables !== undefined && tables.relayRules.length === 0 && !tables.legacyOpen,
    'No relay rule: DMail relayed for everybody then, this server relays for nobody. Name who may with forward_from_ip.',
  )
  add(
    conf.edits.some(({ name }) => name === 'hash_spool'),
    'Drop files are found where they lie (hash_spool scan); new ones begin as [drop] new_hash says.',
  )
  add(
    loaded.configuration.ini.robot.exitStatus === 'sysexits',
    'A robot that ends with an error returns the mail; [robot] exit_status=ignore restores the way of DMail.',
  )
  add(tried >= MAX_PEOPLE, `Only the first ${MAX_PEOPLE} addresses were tried: give the others to --verify.`)
  const plugins = files.find(({ name }) => name === 'config/plugins')?.after.toString() ?? ''
  add(
    !/^\s*tls\s*$/m.test(plugins),
    'DMail had no TLS. For STARTTLS put the line tls into config/plugins before dmail, and a certificate into config/ (haraka -h tls).',
  )
  add(
    lists !== undefined && lists.lists.length > 0,
    'DList owned addresses: move the lists to a list manager and give each address an alias.',
  )
  add(lists?.missing !== undefined, `The lists of DList are not known: ${lists?.missing ?? ''}.`)
  return general
}
