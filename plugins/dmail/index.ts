import { compose } from '../compose.js'
import type { HarakaPlugin } from '../haraka/types.js'
import { LINES } from '../lines.js'

/** The line `dmail`: every line of the suite, in order. */
export function register(this: HarakaPlugin): void {
  compose(this, LINES)
}
