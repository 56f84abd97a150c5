import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { idsIn } from '../../lib/adopt/ids.js'
import { openStaging } from '../../lib/adopt/staging.js'
import { readFileName } from '../../lib/queue/file-name.js'
import { NOTHING_DECIDED } from '../../lib/queue/operator-state.js'
import { createOperator } from '../../plugins/admin/operator.js'
import { NO_SEAT } from '../../plugins/cluster.js'
import type { Crew } from '../../plugins/crew.js'
import { mailName } from '../adopt/fixture.js'
import { tempDir } from '../support/cleanup.js'

const idOf = (n: number): string => readFileName(mailName(n))?.id ?? ''

describe('the hold of a message that no process has', () => {
  const rows: readonly {
    readonly title: string
    readonly put?: (queue: string, file: string) => void
    readonly inherited?: boolean
    readonly gone: boolean
  }[] = [
    { title: 'ends when it is not there any more', gone: true },
    {
      title: 'stays for one of a process that died, which nobody has taken up yet',
      put: (queue, file) => {
        writeFileSync(path.join(queue, file), '')
      },
      gone: false,
    },
    {
      title: 'stays for one that is on its way into this queue',
      put: (queue, file) => {
        writeFileSync(path.join(openStaging(queue).begin('/elsewhere').stage, file), '')
      },
      gone: false,
    },
    {
      title: 'stays for one whose copy is not complete yet',
      put: (queue, file) => {
        writeFileSync(path.join(openStaging(queue).begin('/elsewhere').stage, `copy.${file}`), '')
      },
      gone: false,
    },
    {
      title: 'stays for one that lies in the queue of a dead node that is being taken over',
      inherited: true,
      gone: false,
    },
  ]
  for (const { title, put, inherited = false, gone } of rows) {
    it(title, async () => {
      const haraka = tempDir('operator')
      const queue = path.join(haraka, 'queue')
      mkdirSync(queue)
      put?.(queue, mailName(1))
      // A master that has no worker yet.
      const crew = { askAll: () => Promise.resolve({ answers: [], missing: 0 }) } as unknown as Crew
      const operator = createOperator(crew, haraka, undefined, NO_SEAT, () => idsIn(queue))
      const held = { ...NOTHING_DECIDED, held: [idOf(1)] }
      if (inherited) await operator.inherit(held, new Set([idOf(1)]))
      else await operator.change(() => held)
      assert.deepEqual([...(await operator.gone([idOf(1)]))], gone ? [idOf(1)] : [])
    })
  }

  it('stays where the disk does not tell', async () => {
    const crew = { askAll: () => Promise.resolve({ answers: [], missing: 0 }) } as unknown as Crew
    const operator = createOperator(crew, tempDir('operator'), undefined, NO_SEAT, () =>
      Promise.reject(new Error('EIO')),
    )
    await operator.change(() => ({ ...NOTHING_DECIDED, held: [idOf(1)] }))
    assert.deepEqual([...(await operator.gone([idOf(1)]))], [])
  })
})
