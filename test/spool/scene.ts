import type { Outcome } from '../../lib/delivery/types.js'
import { whoHears } from '../../lib/dsn/news.js'
import { acceptMessage, type Acceptance, type AcceptPorts, type Held } from '../../lib/spool/accept.js'
import type { LocalCopy, Plan } from '../../lib/spool/plan.js'

/** What the outside did, in order, and what is there when the message is answered. */
export interface Scene {
  readonly calls: string[]
  /** Copies that nothing can take back: in drop files, and on their way through Haraka's own path. */
  readonly kept: string[]
  /** Queue files on disk. */
  readonly queued: Set<string>
  readonly started: string[]
  readonly logged: string[]
  /** Names of queue files are durable. */
  synced: boolean
  running: number
  mostRunning: number
}

export interface Faults {
  /** The call of this number (from 1) throws. */
  readonly failAt?: number
  /** Outcome for a destination, by the name used in `calls`. */
  readonly outcomes?: Readonly<Record<string, Outcome>>
  readonly cancelFails?: boolean
}

function nameOf({ destination }: LocalCopy): string {
  return destination.kind === 'robot' ? destination.argv[0] : destination.path
}

/** Accepts a message in a world that notes what is asked of it. */
export async function accept(plan: Plan, faults: Faults = {}): Promise<Scene & { readonly answer: Acceptance }> {
  const scene: Scene = {
    calls: [],
    kept: [],
    queued: new Set(),
    started: [],
    logged: [],
    synced: false,
    running: 0,
    mostRunning: 0,
  }
  const call = async (name: string): Promise<void> => {
    const number = scene.calls.push(name)
    await Promise.resolve()
    if (number === faults.failAt) throw new Error(`fault in ${name}`)
  }
  const putIntoQueue = async (name: string): Promise<Held> => {
    await call(`hold ${name}`)
    scene.queued.add(name)
    scene.synced = false
    return {
      start: () => {
        scene.started.push(name)
      },
      cancel: () => {
        if (faults.cancelFails === true) return Promise.reject(new Error('unlink: EIO'))
        scene.queued.delete(name)
        return Promise.resolve()
      },
    }
  }
  const ports: AcceptPorts = {
    spool: {
      relay: async ({ recipients }) => {
        const names = recipients.map(({ address }) => address.text)
        await call(`relay ${names.join(' ')}`)
        scene.kept.push(...names)
      },
      hold: (copy) => putIntoQueue(nameOf(copy)),
      report: async (news) => {
        const [telling] = whoHears(news, false)
        if (telling === undefined) return []
        return [
          await putIntoQueue(`report ${telling.news.map((each) => `${each.party.given} ${each.status}`).join(', ')}`),
        ]
      },
      sync: async () => {
        await call('sync')
        scene.synced = true
      },
    },
    deliver: async (one) => {
      scene.running++
      scene.mostRunning = Math.max(scene.mostRunning, scene.running)
      try {
        await call(`deliver ${nameOf(one)}`)
        const outcome = faults.outcomes?.[nameOf(one)] ?? { state: 'delivered' }
        if (outcome.state === 'delivered') scene.kept.push(nameOf(one))
        return outcome
      } finally {
        scene.running--
      }
    },
    log: (level, text) => {
      scene.logged.push(`${level}: ${text}`)
    },
  }
  const answer = await acceptMessage(plan, ports)
  return { ...scene, answer }
}
