import type { ProcessMark } from './marks.js'

/** A node as the roll in Redis has it. */
export interface Listed {
  readonly node: string
  readonly owner: string
  readonly alive: boolean
  readonly ageMs: number
}

/** What can be seen of the process that a mark names. */
export interface Sight {
  /** The name of this machine. */
  readonly host: string
  /** Whether that process is there, if it was on this machine. */
  readonly runs: boolean
  /** Who is listed in the cluster of this node; `none`: it is in none, `away`: nobody can tell. */
  readonly roll: readonly Listed[] | 'none' | 'away'
  /** `[cluster] prefix` of this node. */
  readonly prefix: string
  /** Whether the mark was renewed while it was watched. */
  readonly renewed: boolean
}

/** Whether a process lives, and how that is known, in words. */
export interface Life {
  readonly state: 'alive' | 'dead' | 'unknown'
  readonly why: string
}

/** Judges by the roll of the cluster, by this machine's processes, and by whether the mark is renewed. Nothing overrules a sign of life. */
export function lifeOf(mark: ProcessMark, { host, runs, roll, prefix, renewed }: Sight): Life {
  const who = nameOf(mark)
  if (renewed) return { state: 'alive', why: `${who} lives: it has just renewed its mark there` }
  const isHere = mark.host === host
  if (isHere && runs) return { state: 'alive', why: `${who} lives: process ${mark.pid} runs on this machine` }
  if (typeof roll !== 'string' && mark.node !== '' && mark.prefix === prefix) {
    const same = roll.find(({ owner }) => owner === mark.owner)
    if (same?.alive === true) return { state: 'alive', why: `${who} lives: it was heard of ${seconds(same.ageMs)} ago` }
    return {
      state: 'dead',
      why: same === undefined ? `${who} is not up` : `${who} was heard of ${seconds(same.ageMs)} ago`,
    }
  }
  if (mark.node !== '' && roll === 'away') {
    return { state: 'unknown', why: `nobody can tell whether ${who} lives: Redis is away` }
  }
  if (isHere) return { state: 'dead', why: `${who} is gone: process ${mark.pid} does not run on this machine` }
  const where = mark.node === '' ? 'is in no cluster' : 'is in another cluster'
  return { state: 'unknown', why: `nobody can tell whether ${who} lives: it ${where}, and ran on ${mark.host}` }
}

/** `node mail3`, or `the Haraka on mail3`. */
export function nameOf({ node, host }: Pick<ProcessMark, 'node' | 'host'>): string {
  return node === '' ? `the Haraka on ${host}` : `node ${node}`
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`
}
