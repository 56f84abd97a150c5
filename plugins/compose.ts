import { attachAccess } from './access/hooks.js'
import { attachAdmin } from './admin/hooks.js'
import { attachAuth } from './auth/hooks.js'
import { attachDsn } from './dsn/hooks.js'
import { attachEtrn } from './etrn/hooks.js'
import type { HarakaPlugin } from './haraka/types.js'
import type { Line } from './lines.js'
import { attachOutbound } from './outbound/hooks.js'
import { attachQueue } from './queue/hooks.js'
import { attachRcpt } from './rcpt/hooks.js'
import { shareSuite, type Shared } from './shared.js'

const ATTACH: Record<Line, (plugin: HarakaPlugin, shared: Shared) => void> = {
  access: attachAccess,
  auth: attachAuth,
  dsn: attachDsn,
  rcpt: attachRcpt,
  queue: attachQueue,
  outbound: attachOutbound,
  etrn: attachEtrn,
  admin: attachAdmin,
}

/** Gives a plugin the hooks of these lines. A line that is there already (`dmail` and `dmail/rcpt` both listed) is left out. */
export function compose(plugin: HarakaPlugin, lines: readonly Line[]): void {
  const shared = shareSuite(plugin)
  for (const line of lines) {
    if (shared.attached.has(line)) {
      plugin.logwarn(`dmail/${line} is loaded twice: remove the second line from config/plugins`)
      continue
    }
    shared.attached.add(line)
    ATTACH[line](plugin, shared)
  }
}
