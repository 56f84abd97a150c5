import { compose } from '../compose.js'
import type { HarakaPlugin } from '../haraka/types.js'

/** The line dmail/dsn of config/plugins. */
export function register(this: HarakaPlugin): void {
  compose(this, ['dsn'])
}
