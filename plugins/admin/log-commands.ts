import { setTimeout } from 'node:timers/promises'
import { Refusal, type Handlers, type Talk } from '../../lib/control/handlers.js'
import type { LogLine, LogWanted, Taken } from '../../lib/control/log-taps.js'
import type { Crew } from '../crew.js'
import type { LogControl } from '../haraka/logger.js'
import { askAll, onAll } from './questions.js'

/** How often whoever follows the log is told: live for people, and cheap. */
const EVERY_MS = 200
/** A client takes a server that says nothing for dead. */
const ALIVE_MS = 30_000
/** The words of a filter are looked for in every line. */
const MAX_WORDS = 20

/** Has this process answer for its part of the log. Returns what ends that. */
export function answerForLog(crew: Crew, log: LogControl): () => void {
  onAll(crew, 'log.take', ({ id, wanted }) => log.taps.take(id, wanted))
  onAll(crew, 'log.end', ({ id }) => {
    log.taps.end(id)
    return undefined
  })
  onAll(crew, 'log.level', ({ level }) => {
    if (level !== undefined) log.setLevel(level)
    return log.level()
  })
  return () => {
    log.taps.close()
  }
}

export type LogCommands = Pick<Handlers, 'log' | 'log-level'>

/** The commands that follow the log and change how much of it there is. In the one process. */
export function logCommands(crew: Crew, log: LogControl, notice: (text: string) => void): LogCommands {
  let followers = 0
  let changed = false
  // A worker that takes the place of another begins as log.ini says.
  crew.onJoin((ask) => {
    if (changed) ask('log.level', { level: log.level() }).catch(() => undefined)
  })

  function levelNamed(text: string): string {
    const name = text.toUpperCase().replace(/^LOG(?=.)/, '')
    if (log.numberOf(name) !== undefined) return name
    throw new Refusal(`"${text}" is no level of the log`, `there are ${log.names.join(', ').toLowerCase()}`)
  }

  async function takeAll(id: string, wanted: LogWanted): Promise<Taken> {
    const { answers } = await askAll(crew, 'log.take', { id, wanted })
    const all = crew.isApart() ? [...answers, log.taps.take(id, wanted)] : answers
    return {
      lines: all.flatMap(({ lines }) => lines).sort((one, other) => one.atMs - other.atMs),
      dropped: all.reduce((sum, { dropped }) => sum + dropped, 0),
    }
  }

  async function follow(wanted: LogWanted, most: number, talk: Talk<LogLine>): Promise<number> {
    const id = `${process.pid}.${followers++}`
    let count = 0
    let saidMs = Date.now()
    try {
      for (;;) {
        const { lines, dropped } = await takeAll(id, wanted)
        const shown = lines.slice(0, most - count)
        count += shown.length
        await talk.items(dropped === 0 ? shown : [...shown, leftOut(dropped)])
        if (count >= most) return count
        if (shown.length > 0) saidMs = Date.now()
        else if (Date.now() - saidMs > ALIVE_MS) {
          saidMs = Date.now()
          await talk.progress({ done: count, total: count })
        }
        await setTimeout(EVERY_MS, undefined, { ref: false })
      }
    } finally {
      log.taps.end(id)
      await askAll(crew, 'log.end', { id })
    }
  }

  return {
    async log({ level, words, lines }, talk) {
      if (words.length > MAX_WORDS) throw new Refusal('too many words', `give at most ${MAX_WORDS}`)
      if (lines !== undefined && lines < 1) throw new Refusal('nothing to show', 'ask for one line or more')
      const wanted = level === undefined ? undefined : log.numberOf(levelNamed(level))
      return { count: await follow({ level: wanted, words }, lines ?? Infinity, talk) }
    },

    async 'log-level'({ level }) {
      const name = level === undefined ? undefined : levelNamed(level)
      if (name !== undefined) {
        changed = true
        notice(`log level ${name.toLowerCase()} instead of ${log.level().toLowerCase()}`)
        if (crew.isApart()) log.setLevel(name)
      }
      const { answers, missing } = await askAll(crew, 'log.level', name === undefined ? {} : { level: name })
      return { level: (answers[0] ?? log.level()).toLowerCase(), workers: answers.length, missing }
    },
  }
}

function leftOut(count: number): LogLine {
  const text = `(${count} lines are left out here: they came faster than they could be shown)`
  return { atMs: Date.now(), pid: process.pid, level: 'NOTICE', text }
}
