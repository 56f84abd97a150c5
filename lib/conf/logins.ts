import type { DmailConf } from './dmail-conf.js'
import type { Problem } from './problem.js'

/** forward_user where no password can be checked: AUTH is not offered. */
export function checkLogins(conf: DmailConf): Problem[] {
  const line = conf.setting('forward_user')
  if (line?.value !== true || conf.one('authent_method') !== 'unix_user') return []
  return [
    {
      severity: 'warning',
      at: line.valueAt,
      message: 'forward_user has no effect: authent_method unix_user knows no passwords, so AUTH is not offered',
      hint: "use authent_method external with a module, or one of Haraka's auth plugins",
    },
  ]
}
