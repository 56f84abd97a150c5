import { compose } from '../compose.js'
import type { HarakaPlugin } from '../haraka/types.js'

/** The line `dmail/auth`. */
export function register(this: HarakaPlugin): void {
  compose(this, ['auth'])
}
