import assert from 'node:assert/strict'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { createLocalHub, type LocalHub, type LocalStore } from '../../lib/cluster/local-store.js'
import { openCluster } from '../../lib/cluster/cluster.js'
import type { Cluster } from '../../lib/cluster/types.js'
import { RESPOND_SOCKET_FILE } from '../../lib/control/protocol.js'
import { clusterMemory } from '../../lib/respond/cluster-memory.js'
import { openMemory, type Memory } from '../../lib/respond/memory.js'
import { NO_SEAT } from '../../plugins/cluster.js'
import { respondCommands } from '../../plugins/admin/respond-commands.js'
import { serve } from '../control/support.js'
import { tempDir } from '../support/cleanup.js'
import { until } from '../support/wait.js'
import { DAY, NOW } from './scene.js'

const ANN = 'ann@example.com'
const BOB = 'bob@domain1.com'
const LATER = NOW + 6 * DAY

describe('who was answered on another node of a cluster', () => {
  const ends: (() => void)[] = []
  after(() => {
    for (const end of ends) end()
  })

  /** A machine with its own memory; with a server where it is a node of `hub`. */
  async function machine(hub?: LocalHub): Promise<{ memory: Memory; store: LocalStore | undefined }> {
    const directory = path.join(tempDir('respond'), 'memory')
    const own = openMemory({ directory, userKey: BOB, everyMs: 7 * DAY, warn: () => undefined })
    if (hub === undefined) {
      const memory = clusterMemory(own, { harakaDir: tempDir('nobody'), userKey: BOB, everyMs: 7 * DAY })
      return { memory, store: undefined }
    }
    const store = hub.join()
    const node = `n${ends.length}`
    const cluster: Cluster = openCluster({ node, owner: node, store, log: () => undefined })
    await until(() => cluster.standing().state === 'joined', { otherwise: () => cluster.standing().why })
    const { dir, server } = await serve(respondCommands({ ...NO_SEAT, cluster: () => cluster }), {
      file: RESPOND_SOCKET_FILE,
    })
    ends.push(() => {
      server.close()
      cluster.close()
    })
    return { memory: clusterMemory(own, { harakaDir: dir, userKey: BOB, everyMs: 7 * DAY }), store }
  }

  it('is not answered on this one, until it is forgotten there', async () => {
    let nowMs = 0
    const hub = createLocalHub(() => nowMs)
    const [{ memory: one }, { memory: two }] = [await machine(hub), await machine(hub)]
    assert.equal(await one.claim(ANN, NOW), 'claimed')
    assert.equal(await two.claim(ANN, LATER), 'answered')
    assert.equal(await two.claim('eve@example.com', LATER), 'claimed')
    // Not a week from the second try, but from the answer.
    nowMs += 7 * DAY
    assert.equal(await two.claim(ANN, NOW + 7 * DAY), 'claimed')
  })

  it('may be answered here when the answer there did not go out', async () => {
    const hub = createLocalHub()
    const [{ memory: one }, { memory: two }] = [await machine(hub), await machine(hub)]
    assert.equal(await one.claim(ANN, NOW), 'claimed')
    await one.release(ANN)
    assert.equal(await two.claim(ANN, NOW), 'claimed')
    assert.equal(await one.claim(ANN, NOW), 'answered')
  })

  it('while Redis is away, or without a server, the memory of this machine counts', async () => {
    const hub = createLocalHub()
    const { memory: one, store } = await machine(hub)
    store?.setAway(true)
    assert.deepEqual([await one.claim(ANN, NOW), await one.claim(ANN, LATER)], ['claimed', 'answered'])
    const { memory: alone } = await machine()
    assert.deepEqual([await alone.claim(ANN, NOW), await alone.claim(ANN, LATER)], ['claimed', 'answered'])
    await alone.release(ANN)
    assert.equal(await alone.claim(ANN, LATER), 'claimed')
  })
})
