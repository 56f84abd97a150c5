import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'

/*
 * The members of Haraka that the suite uses, and no others. test/plugins/haraka-members.test.ts holds them against the
 * real thing, 3.1 and 3.3.
 */

/** Haraka's hook callback: a return value of haraka-constants, and what to say. */
export type Next = (retval?: number, message?: unknown) => void

export interface Logging {
  loginfo(message: string): void
  lognotice(message: string): void
  logwarn(message: string): void
  logerror(message: string): void
  logcrit(message: string): void
  logdebug(message: string): void
}

/** `this` of a plugin's register(). Hook methods are looked up on it by name. */
export interface HarakaPlugin extends Logging {
  readonly name: string
  /** Hooks of a lower priority run first; 0 when it is not given. */
  register_hook(hook: string, method: string, priority?: number): void
  /** Loads one of Haraka's own modules: `outbound`, `plugins`, `outbound/queue`. */
  haraka_require(module: string): unknown
  [method: string]: unknown
}

/** 3.1 has address-rfc2821 (`address()`), 3.3 @haraka/email-address (`address` getter): see address.ts. */
export interface HarakaAddress {
  readonly original: string
  readonly user: string
  readonly host: string
  readonly original_host?: string
}

export interface HarakaHeader {
  readonly header_list: string[]
  get(name: string): string
  get_all(name: string): readonly string[]
}

export interface HarakaMessageStream {
  /** The headers that go out in place of those in the lines, if there are any: the list of the transaction's header. */
  readonly headers: readonly string[]
  /** Takes the next line, dot-stuffed, with its CRLF. */
  add_line: (line: Buffer | string) => void
  /** True once the message is (being) written to a file. */
  readonly spooling: boolean
  destroy: () => void
  pipe(destination: Writable, options?: { dot_stuffed?: boolean; line_endings?: string; end?: boolean }): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

export interface HarakaNotes {
  get?(path: string): unknown
  [name: string]: unknown
}

export interface HarakaTransaction {
  readonly uuid: string
  readonly mail_from: HarakaAddress
  readonly rcpt_to: HarakaAddress[]
  readonly notes: HarakaNotes
  readonly header: HarakaHeader
  readonly message_stream: HarakaMessageStream
  readonly data_bytes: number
}

export interface HarakaConnection extends Logging {
  readonly remote: { readonly ip: string }
  readonly local: { readonly ip: string; readonly host: string }
  readonly tls: { readonly enabled: boolean }
  readonly notes: Record<string, unknown>
  readonly results: { add(who: { readonly name: string }, result: Readonly<Record<string, unknown>>): void }
  /** The command being answered, without its line end. */
  current_line: string
  /** A state of haraka-constants' `connection.state`. */
  state: number
  /** Called with each line that comes in. */
  process_line: (line: Buffer) => void
  /** Makes received_line() say that the client logged in. */
  authheader?: string
  /** Adds to the Authentication-Results of the messages to come. */
  auth_results(text: string): unknown
  logprotocol: (...parts: unknown[]) => void
  logdebug: (...parts: unknown[]) => void
  relaying: boolean
  readonly transaction: HarakaTransaction | null
  /** `verb` is null (3.1, 3.3) before EHLO and HELO; `host` also after STARTTLS. */
  readonly hello: { readonly verb: string | null; readonly host?: string | null }
  /** Lines of the reply to EHLO; in the capabilities hook. */
  readonly capabilities: string[] | null
  respond: (code: number, message: unknown, after?: () => void) => unknown
}

/** What Haraka's `server` is to the init_* hooks. */
export interface HarakaServer {
  /** Its HTTP server; `app` is Express, there from init_http on. */
  readonly http?: {
    readonly cfg?: { readonly listen?: string }
    readonly app?: {
      use(path: string, listener: (request: IncomingMessage, response: ServerResponse) => void): unknown
    }
  }
  /** Node's cluster module; undefined where there is only one process. */
  readonly cluster?: {
    readonly isMaster: boolean
    readonly workers?: Readonly<Record<string, HarakaWorker | undefined>>
    on(event: 'message', listener: (worker: HarakaWorker, message: unknown) => void): unknown
    on(event: 'exit' | 'disconnect', listener: (worker: HarakaWorker) => void): unknown
  }
}

export interface HarakaWorker {
  readonly id: number
  readonly process: { readonly pid?: number }
  send(message: unknown, sent?: (error: Error | null) => void): unknown
  isConnected(): boolean
}

/** haraka_require('logger'). */
export interface HarakaLogger {
  /** By name, and by name behind LOG; 0 is the most urgent. */
  readonly levels: Readonly<Record<string, number>>
  loglevel: number
}

/** haraka_require('connection'). */
export interface HarakaConnectionModule {
  readonly Connection: { readonly prototype: HarakaConnection }
}

/** haraka_require('plugins'). */
export interface HarakaPluginsModule {
  run_hooks(hook: string, object: unknown, params?: unknown): void
}
