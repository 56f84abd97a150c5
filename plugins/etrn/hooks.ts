import type { HarakaPlugin } from '../haraka/types.js'
import { attachRas } from '../ras.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'

/** ETRN, as server (RFC 1985) and as client (ras_timer). */
export function attachEtrn(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  attachRas(plugin, shared)
}
