import { access } from 'node:fs/promises'
import path from 'node:path'
import type { DmailConf } from '../conf/dmail-conf.js'
import type { Problem } from '../conf/problem.js'

/** The rules of MFilter, which DMail read without a setting that says so (semantics 12.2). */
export async function checkFilterRules(conf: DmailConf): Promise<Problem[]> {
  const line = conf.setting('work_path')
  if (line === undefined) return []
  const file = path.join(line.value, 'mfilter.rul')
  const found = await access(file).then(
    () => true,
    () => false,
  )
  if (!found) return []
  const message = `${file} is not read: there is no MFilter here`
  const hint =
    'write its rules for rspamd (haraka-plugin-rspamd) or karma, and forward lines for what it redirects; then remove the file'
  return [{ severity: 'warning', at: line.valueAt, message, hint }]
}
