import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable, Writable } from 'node:stream'

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

/** The header of a queue file (outbound/todo.js). */
export interface HarakaTodo {
  readonly domain: string
  readonly rcpt_to: QueuedRecipient[]
  readonly mail_from: HarakaAddress
  readonly notes: HarakaNotes
  readonly queue_time: number
  readonly uuid: string
}

export type QueuedRecipient = HarakaAddress & Record<string, unknown>

/** One file of the outbound queue being worked on (outbound/hmail.js). */
export interface HarakaHmail extends Logging {
  readonly todo: HarakaTodo
  readonly filename: string
  readonly path: string
  readonly file_size: number
  /** Offset of the message in the queue file; known when the item is `ready`. */
  readonly data_start: number
  num_failures: number
  /** Files it stands for; the last one removes its file. */
  refcount: number
  /** Called when its attempt has ended. */
  next_cb: () => void
  /** Why it failed for good; set when the bounce hooks run. */
  readonly bounce_error?: Error | null
  readonly mxlist: readonly HarakaMx[]
  get_mx: () => void
  discard(): void
  once(event: 'ready' | 'error', listener: () => void): unknown
  temp_fail: (reason: string, extra?: object) => void
  bounce(reason: string, extra?: object): void
  convert_temp_failed_to_bounce(reason: string, extra?: object): void
  delivered(
    ip: string,
    port: number,
    mode: string,
    host: string,
    response: string,
    delivered: readonly QueuedRecipient[],
    deferred: readonly QueuedRecipient[],
    bounced: readonly QueuedRecipient[],
    secured: boolean,
    authenticated: boolean,
  ): void
  data_stream(): Readable
}

/** A next hop (haraka-net-utils, HarakaMx). */
export interface HarakaMx {
  readonly exchange: string
  readonly port?: number
  readonly path?: string
  /** The name in DNS that led to it. */
  readonly from_dns?: string
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

/** haraka_require('outbound/hmail'). */
export interface HarakaHmailClass {
  new (file: string, path: string): HarakaHmail
  readonly prototype: Omit<HarakaHmail, 'discard'> & {
    try_deliver: (this: HarakaHmail) => unknown
    discard: (this: HarakaHmail) => void
    double_bounce: (this: HarakaHmail, reason: string) => void
    split_to_new_recipients: (
      this: HarakaHmail,
      recipients: readonly QueuedRecipient[],
      response: string,
      done: (hmail: HarakaHmail) => void,
    ) => void
  }
}

/** haraka_require('outbound/client_pool'). */
export interface HarakaClientPool {
  get_client: (mx: HarakaMx, callback: (error: string | null, socket: NodeJS.EventEmitter | null) => void) => void
}

export interface HarakaTimer {
  readonly id: string
  readonly fire_time: number
  cb: (() => void) | null
  cancel(): void
}

/** Haraka's temp_fail_queue: timers sorted by time. */
export interface HarakaTimerQueue {
  readonly queue: HarakaTimer[]
  add: (file: string, ms: number, callback: () => void) => HarakaTimer
  /** Called every second. */
  fire: () => void
  length: () => number
  /** Calls back all there are (`haraka --qflush`). */
  drain: () => void
  /** Takes one away; throws when it is not there. */
  discard: (file: string) => HarakaTimer[]
}

/** haraka-net-utils, as outbound has it. */
export interface HarakaNetUtils {
  /** The name this server goes by. */
  get_primary_host_name(): string
  /** The hosts that take mail for a domain; none where there is nothing in DNS. Rejects when DNS did not answer. */
  get_mx: (domain: string, ...callback: unknown[]) => Promise<readonly HarakaMx[]>
}

/** haraka_require('outbound'). */
export interface HarakaOutbound {
  readonly net_utils: HarakaNetUtils
  readonly TODOItem: new (domain: string, recipients: readonly HarakaAddress[], transaction: QueueSource) => HarakaTodo
  /** Writes one queue file (fsynced) and adds its item to `items`, its path to `paths`. */
  process_delivery(paths: string[], todo: HarakaTodo, items: HarakaHmail[]): Promise<void>
  /** process_delivery writes the envelope with it; `writeMore` then writes the message. */
  build_todo(todo: HarakaTodo, stream: Writable, writeMore: () => void): void
  send_trans_email(transaction: QueueSource, done: (retval: number, message?: unknown) => void): void
  readonly delivery_queue: { push(item: HarakaHmail): void }
  /** `haraka --qflush [domain]`. */
  flush_queue: (domain?: string) => Promise<void>
  /** Takes over the queue files of a dead worker. */
  load_pid_queue: (pid: unknown) => Promise<void>
  /** Takes up all queue files, where there is one process only. */
  init_queue: (pid?: unknown) => Promise<void>
}

/** What outbound reads of a transaction. */
export interface QueueSource extends Pick<HarakaTransaction, 'uuid' | 'mail_from' | 'notes'> {
  readonly rcpt_to: readonly HarakaAddress[]
  readonly message_stream: Pick<HarakaMessageStream, 'pipe'>
}

/** haraka_require('outbound/queue'). */
export interface HarakaQueueModule {
  readonly queue_dir: string
  readonly temp_fail_queue: HarakaTimerQueue
  readonly delivery_queue: { push: (item: HarakaHmail) => void }
  /** Called for each file of the queue of an earlier process. */
  _add_file: (file: string) => Promise<string>
  /** Called before the queue of an earlier process is read. */
  delete_dot_files: () => Promise<void>
}

/** haraka_require('plugins'). */
export interface HarakaPluginsModule {
  run_hooks(hook: string, object: unknown, params?: unknown): void
}
