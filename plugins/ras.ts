import { cont } from 'haraka-constants'
import type { RasStatus } from '../lib/etrn/ras-status.js'
import { systemClock } from '../lib/clock.js'
import { askProvider } from '../lib/etrn/client.js'
import { readHello } from '../lib/smtp/hello.js'
import { findCommand, type Program } from '../lib/etrn/program.js'
import { runRound } from '../lib/etrn/round.js'
import { createRasTimer } from '../lib/etrn/timer.js'
import { logTo } from './haraka/log.js'
import type { HarakaPlugin, Next } from './haraka/types.js'
import type { Shared } from './shared.js'

/** The ETRN client (Q8): begins its rounds in the one process, the master where there is one, and nowhere else. */
export function attachRas(plugin: HarakaPlugin, shared: Shared): void {
  plugin['dmail_etrn_init_master'] = (next: Next): void => {
    shared.hub.setRas(startRas(plugin, shared))
    next(cont)
  }
  plugin.register_hook('init_master', 'dmail_etrn_init_master')
}

/** Returns what tells the status. */
function startRas(plugin: HarakaPlugin, { live, harakaDir, onShutdown }: Shared): () => RasStatus | undefined {
  const log = logTo(plugin)
  let toHangUp: Program | undefined
  const timer = createRasTimer({
    clock: systemClock,
    wallNow: Date.now,
    log,
    async run(ras, answered, signal) {
      const { delivery } = await live.current()
      const hello = await readHello(harakaDir)
      await runRound(
        ras,
        {
          clock: systemClock,
          log,
          find: (command) => findCommand(command, delivery.robot),
          ask: (asked, signal) => askProvider(asked, asked.domains, { hello, signal }),
          answered,
          lineIsOpen: (hangup) => {
            toHangUp = hangup
          },
        },
        signal,
      )
    },
  })
  const configure = (): void => {
    timer.configure(live.loaded()?.ras)
  }
  live.onLoad(configure)
  configure()
  onShutdown.push(() => {
    timer.close()
  })
  // Haraka ends by process.exit unless it is told to be graceful, and then calls no shutdown().
  process.once('exit', () => {
    toHangUp?.letGo()
  })
  return timer.status
}
