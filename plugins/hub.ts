import type { RasStatus } from '../lib/etrn/ras-status.js'

/** What other lines of the suite give to the answers of the control socket. In the one process. */
export interface Hub {
  /** Whoever asks the provider for mail (ras_timer) says here how that went. */
  setRas(status: () => RasStatus | undefined): void
  ras(): RasStatus | undefined
}

export function createHub(): Hub {
  let ras: () => RasStatus | undefined = () => undefined
  return {
    setRas(status) {
      ras = status
    },
    ras: () => ras(),
  }
}
