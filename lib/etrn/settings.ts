import type { HostPort } from '../conf/value.js'

/** A program and its arguments (C9). */
export type Command = readonly [string, ...string[]]

/** The ras_* lines of a dmail.conf (Q8); durations in milliseconds. */
export interface RasSettings extends HostPort {
  readonly everyMs: number
  /** The domains to ask for, folded. */
  readonly domains: readonly string[]
  /** Opens the line before a round. */
  readonly dial?: Command
  /** Closes it afterwards. */
  readonly hangup?: Command
  /** `[etrn] hangup_after`: how long the provider has to bring the mail. */
  readonly hangupAfterMs: number
  /** `[etrn] first_round`: how soon after these settings came the first round is. */
  readonly firstMs: number
}

/** `provider.example.net:25`, `[2001:db8::1]:25`. */
export function targetText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
