import type { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What a program gets on its standard input: `head`, then what `open` gives, which is called once the program runs. */
export interface Input {
  readonly head: string
  readonly open: () => Readable
  /** What `open` gives goes through it; the head does not. */
  readonly through?: Transform
  /** It counts as taken whether it was read or not (see runProcess). */
  readonly fitsPipe: boolean
}

export interface Feed {
  /** Resolves when no more will be written, for whatever reason. */
  readonly done: Promise<void>
  /** True when everything was written and the end was passed on. */
  tookAll(): boolean
  /** Why the source could not be read to its end. */
  unread(): Error | undefined
}

/**
 * Writes the head and then the source (what `open` gave) to a program's standard input, at the pace it reads. When the source
 * breaks off, `onUnread` is called before the input is closed: the program must not take a part for the whole.
 */
export function feed(
  stdin: Writable,
  { head, through }: Pick<Input, 'head' | 'through'>,
  source: Readable,
  onUnread: () => void,
): Feed {
  let tookAll = false
  let unread: Error | undefined

  function breakOff(error: Error): void {
    // A program that stops reading makes the pipeline destroy the source too; that is not the source's fault.
    if (stdin.destroyed || unread !== undefined) return
    unread = error
    onUnread()
  }

  source.on('error', breakOff)
  source.on('close', () => {
    if (!source.readableEnded) breakOff(new Error('the message ended early'))
  })
  if (head !== '') stdin.write(head)
  const done = pipeline([source, ...(through === undefined ? [] : [through]), stdin]).then(
    () => {
      tookAll = true
    },
    () => undefined,
  )
  return { done, tookAll: () => tookAll, unread: () => unread }
}

export interface Collected {
  /** Resolves when all streams have ended. */
  readonly done: Promise<void>
  bytes(): Buffer
}

/** Keeps the first `limit` bytes of what comes from the streams, in the order it comes, and lets go of the rest. */
export function collect(streams: readonly Readable[], limit: number): Collected {
  const kept: Buffer[] = []
  let room = limit
  const ends = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('data', (piece: Buffer) => {
          if (room === 0) return
          const part = Buffer.from(piece.subarray(0, room))
          kept.push(part)
          room -= part.length
        })
        stream.on('error', () => undefined)
        stream.on('close', resolve)
      }),
  )
  return { done: Promise.all(ends).then(() => undefined), bytes: () => Buffer.concat(kept) }
}
