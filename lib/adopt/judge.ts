import type { Life } from './life.js'

/** What is known of a directory whose mail is to be taken over. */
export interface Facts {
  /** Of the node whose queue it is; undefined: nothing there says whose it is. */
  readonly owner: Life | undefined
  /** Of whoever has begun to take it over, if that is not this node. */
  readonly adopter: Life | undefined
  /** Its Haraka directory is there, with what operators decided. */
  readonly hasRecord: boolean
  /** The operator vouches for what cannot be known. */
  readonly force: boolean
}

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly hint: string; readonly force: boolean }

const STOP = 'stop it first; a node that has died is known to be dead after some seconds'
const SURE = 'with --force, if you are sure of that: else its mail would be sent twice'

/** Whether a queue may be taken over. A sign of life cannot be overruled, what is unknown can. */
export function mayAdopt({ owner, adopter, hasRecord, force }: Facts): Verdict {
  if (owner?.state === 'alive') return no(owner.why, STOP)
  if (adopter?.state === 'alive') return no(`it is being taken over already: ${adopter.why}`, 'wait until that is done')
  if (force) return { ok: true }
  if (owner === undefined) {
    return unsure('nothing in it says whose queue it is', `no Haraka may work on it, now or later: then ${SURE}`)
  }
  if (owner.state === 'unknown')
    return unsure(owner.why, `it must be dead, and stay so until this is done: then ${SURE}`)
  if (adopter?.state === 'unknown') {
    return unsure(`another has begun to take it over: ${adopter.why}`, `that one must be dead: then ${SURE}`)
  }
  if (!hasRecord) {
    return unsure(
      'its Haraka directory is not there, and with it what operators held and suspended',
      'put it where it was, seen from the queue; or with --force: what was held would be sent',
    )
  }
  return { ok: true }
}

function no(message: string, hint: string): Verdict {
  return { ok: false, message, hint, force: false }
}

function unsure(message: string, hint: string): Verdict {
  return { ok: false, message, hint, force: true }
}
