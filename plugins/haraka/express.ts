import { createRequire } from 'node:module'

/**
 * Whether Haraka finds Express, which its HTTP server needs and which it does not bring. `program`: the file that was started,
 * bin/haraka; NODE_PATH has the node_modules of the Haraka directory.
 */
export function findsExpress(program = require.main?.filename ?? __filename): boolean {
  try {
    createRequire(program).resolve('express')
    return true
  } catch {
    return false
  }
}
