import type { Address } from '../address.js'
import type { Reply } from '../reply.js'

/** Where a domain's mail is sent instead of to its MX (decision A3). */
export interface Gateway {
  readonly host: string
  readonly port: number
}

/** A place where one copy of the message goes. */
export type Destination =
  | {
      readonly kind: 'mailbox'
      /** The user's name in the user directory. */
      readonly user: string
      /** Full path of the drop file. */
      readonly path: string
      /** The directory below which missing folders of `path` may be made. */
      readonly root: string
      readonly owner?: { readonly uid: number; readonly gid: number }
      /** Largest size of the drop file in bytes (D7). */
      readonly limit?: number
    }
  | { readonly kind: 'robot'; readonly argv: readonly [string, ...string[]] }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'remote'; readonly address: Address; readonly via?: Gateway }
  | { readonly kind: 'discard' }

export type StepName =
  | 'relay'
  | 'forward'
  | 'forward_cc'
  | 'alias'
  | 'catch-all'
  | 'plus-address'
  | 'postmaster'
  | 'user'
  | 'fwd'
  | 'forward-file'
  | 'remote'
  | 'left-out'
  | 'refused'

/** One rule that fired. The parent links make the tree; a destination's chain is its step and all above. */
export interface Step {
  readonly id: number
  readonly parent: Step | undefined
  readonly step: StepName
  /** The address (or user) the rule was applied to. */
  readonly input: string
  /** The rule in the operator's words. */
  readonly rule: string
  /** `dmail.conf:12`, or undefined where no file holds the rule. */
  readonly at: string | undefined
  /** What came out of it, for people. */
  readonly output: readonly string[]
}

/** A destination and how it came about. */
export interface Placed {
  readonly destination: Destination
  /** The address at which the destination was found: value of Delivered-To (R15). */
  readonly found: Address
  /** True when a rule changed where the mail goes: a remote copy is a forward, not plain relaying. */
  readonly redirected: boolean
  readonly step: Step | undefined
}

/** The decision for one recipient (one RCPT). */
export type Route =
  | {
      readonly accepted: true
      readonly address: Address
      readonly reply: Reply
      readonly destinations: readonly Placed[]
      readonly trace: readonly Step[]
    }
  | {
      readonly accepted: false
      readonly address: Address | undefined
      readonly reply: Reply
      readonly destinations: readonly []
      readonly trace: readonly Step[]
      /** For the log only: why it could not be decided. */
      readonly detail?: string
    }
