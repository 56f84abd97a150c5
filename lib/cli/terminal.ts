import { visibleJson } from '../text/values.js'

/** Where a command prints, and what it may know of its surroundings. */
export interface Terminal {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly env: NodeJS.ProcessEnv
}

/** Exit codes of the command (DESIGN): done, found problems, wrong use, server not reachable. */
export const EXIT = { done: 0, problems: 1, usage: 2, unreachable: 75 } as const

export type Exit = (typeof EXIT)[keyof typeof EXIT]

type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'

const CODES: Record<Colour, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** Colours on a terminal only, and not where NO_COLOR is set (no-color.org). */
export function painter({ out, env }: Terminal): (colour: Colour, text: string) => string {
  const colours = out.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return (colour, text) => {
    const [on, off] = CODES[colour]
    return colours ? `\u001b[${on}m${text}\u001b[${off}m` : text
  }
}

export function printJson({ out }: Terminal, value: unknown): void {
  out.write(`${visibleJson(value, 2)}\n`)
}
