import { isNodeName, isPrefix } from '../cluster/names.js'
import type { DmailIni } from './ini-keys.js'
import type { ParsedIni } from './ini.js'
import type { Problem } from './problem.js'

const HINT = 'it has up to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or digit'

/** Names of [cluster] that cannot be part of a key in Redis. */
export function checkCluster({ cluster }: DmailIni, given: ParsedIni['given']): Problem[] {
  const bad: readonly [key: string, isGood: boolean][] = [
    ['node', cluster.node === '' || isNodeName(cluster.node)],
    ['prefix', isPrefix(cluster.prefix)],
  ]
  return bad.flatMap(([key, isGood]) => {
    const line = given.get(`cluster.${key}`)
    if (isGood || line === undefined) return []
    return [{ severity: 'error', at: line.at, message: `"${line.text}" cannot be the ${key} of a cluster`, hint: HINT }]
  })
}
