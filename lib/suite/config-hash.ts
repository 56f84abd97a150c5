import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Configuration } from '../conf/load.js'
import { readRegularFile } from '../conf/read-file.js'

const MAX_BYTES = 16 * 1024 * 1024

/**
 * A name for what dmail.conf, the files it includes, and dmail.ini say: two nodes with the same are configured alike. What
 * names the node is left out: `[cluster] node` and `lock_id`.
 */
export async function configurationHash({
  iniLines,
  files,
}: Pick<Configuration, 'iniLines' | 'files'>): Promise<string> {
  const hash = createHash('sha256')
  const lines = [...iniLines].filter(([key]) => key !== 'cluster.node').map(([key, { text }]) => `${key}=${text}`)
  hash.update(lines.sort().join('\n'))
  for (const file of files) {
    if (path.basename(file) === 'dmail.ini') continue
    const content = await readRegularFile(file, MAX_BYTES)
    hash.update(`\0${path.basename(file)}\0`)
    hash.update(content.ok ? content.data.toString('latin1').replace(/^[ \t]*lock_id[ \t].*$/gim, '') : '')
  }
  return hash.digest('hex').slice(0, 12)
}
