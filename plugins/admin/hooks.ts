import type { HarakaPlugin } from '../haraka/types.js'
import { attachRunner } from '../runner.js'
import type { Shared } from '../shared.js'

/** The control socket. */
export function attachAdmin(plugin: HarakaPlugin, shared: Shared): void {
  attachRunner(plugin, shared)
}
