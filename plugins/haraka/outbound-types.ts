import type { Readable, Writable } from 'node:stream'
import type { Logging, HarakaAddress, HarakaMessageStream, HarakaNotes, HarakaTransaction } from './types.js'

/* The members of Haraka's outbound side that the suite uses: the queue, its files, next hops. See types.ts. */

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
  /** Makes the queue directory if there is none. */
  ensure_queue_dir: () => Promise<void>
  /** What a name says; false, with a line in the log, for what is no queue file. */
  read_parts: (file: string) => QueueFileParts | false
}

/** haraka_require('outbound/qfile'). */
export interface HarakaQueueFileNames {
  parts: (file: string) => QueueFileParts | null
  /** A name for a file of this process, with what is given. */
  name: (of: Omit<QueueFileParts, 'pid'>) => string
}

export interface QueueFileParts {
  readonly arrival: number
  readonly next_attempt: number
  readonly attempts: number
  readonly pid: number
  readonly uid: string
}
