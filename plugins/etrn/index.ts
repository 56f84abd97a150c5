import { compose } from '../compose.js'
import type { HarakaPlugin } from '../haraka/types.js'

/** The line `dmail/etrn`. */
export function register(this: HarakaPlugin): void {
  compose(this, ['etrn'])
}
