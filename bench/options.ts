import { CASES, type BenchCase } from './cases.js'

/** What the command line asks for: `--messages 5000 --rounds 5 --clients 10 --only alias --kept|--single --json FILE`. */
export interface BenchOptions {
  readonly messages: number
  readonly rounds: number
  readonly clients: number
  readonly cases: readonly BenchCase[]
  /** Kept connections, one for each message, or both. */
  readonly kept: readonly boolean[]
  readonly json: string | undefined
}

export function readOptions(argv: readonly string[]): BenchOptions {
  const value = (name: string): string | undefined => {
    const at = argv.indexOf(`--${name}`)
    return at < 0 ? undefined : argv[at + 1]
  }
  const number = (name: string, otherwise: number): number => {
    const given = Number(value(name) ?? otherwise)
    if (!Number.isInteger(given) || given < 1) throw new Error(`--${name} takes a whole number`)
    return given
  }
  const only = value('only')
  const cases = CASES.filter(({ name }) => only === undefined || name.includes(only))
  if (cases.length === 0) throw new Error(`--only ${only ?? ''} names no case`)
  const both = !argv.includes('--kept') && !argv.includes('--single')
  return {
    messages: number('messages', 3000),
    rounds: number('rounds', 3),
    clients: number('clients', 10),
    cases,
    kept: both ? [true, false] : [argv.includes('--kept')],
    json: value('json'),
  }
}
