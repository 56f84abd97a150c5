import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decideReport, type DsnDecision, type DsnEvent } from '../../lib/dsn/decide.js'
import type { Notify } from '../../lib/dsn/params.js'

const EVENTS: readonly DsnEvent[] = ['failed', 'delayed', 'delivered', 'expanded', 'relayed', 'handed on', 'discarded']

/** One letter per event, in the order of EVENTS: R a report, D a double bounce, `-` nothing. */
const ROWS: readonly [notify: string, value: Notify | undefined, toSender: string, fromNullSender: string][] = [
  ['no NOTIFY', undefined, 'R------', 'D------'],
  ['NEVER', 'never', '-------', '-------'],
  ['SUCCESS', ['success'], '--RRR--', 'D------'],
  ['FAILURE', ['failure'], 'R------', 'D------'],
  ['DELAY', ['delay'], '-R-----', 'D------'],
  ['SUCCESS,FAILURE', ['success', 'failure'], 'R-RRR--', 'D------'],
  ['SUCCESS,DELAY', ['success', 'delay'], '-RRRR--', 'D------'],
  ['FAILURE,DELAY', ['failure', 'delay'], 'RR-----', 'D------'],
  ['SUCCESS,FAILURE,DELAY', ['success', 'failure', 'delay'], 'RRRRR--', 'D------'],
]

const LETTER: Record<DsnDecision, string> = { report: 'R', nothing: '-', 'double bounce': 'D' }

function row(notify: Notify | undefined, nullSender: boolean): string {
  return EVENTS.map((event) => LETTER[decideReport({ event, notify, nullSender })]).join('')
}

describe('what is reported', () => {
  for (const [title, notify, toSender, fromNullSender] of ROWS) {
    it(`${title}: ${toSender}`, () => {
      assert.equal(row(notify, false), toSender)
    })
    it(`${title}, from the null sender: ${fromNullSender}`, () => {
      assert.equal(row(notify, true), fromNullSender)
    })
  }
})
