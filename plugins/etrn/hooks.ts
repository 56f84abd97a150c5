import type { HarakaPlugin } from '../haraka/types.js'
import { attachRas } from '../ras.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'
import { attachEtrnServer } from './server.js'

/** ETRN, as server (RFC 1985) and as client (ras_timer). */
export function attachEtrn(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
  attachEtrnServer(plugin, shared)
  attachRas(plugin, shared)
}
