import { serve } from '../thread.js'
import type { EntryHeader } from './entry.js'
import { readQueueHeader, type QueueHeader } from './header.js'

export interface HeaderQuestion {
  readonly directory: string
  readonly files: readonly string[]
  /** Only what the index keeps: of a hundred thousand files the rest would be hundreds of megabytes for nothing. */
  readonly brief?: boolean
}

/** In order; undefined for a file that is gone or unreadable. */
export type HeaderAnswer = readonly (QueueHeader | undefined)[]
export type BriefAnswer = readonly (EntryHeader | undefined)[]

serve(({ directory, files, brief }: HeaderQuestion): HeaderAnswer | BriefAnswer => {
  const headers = files.map((file) => readQueueHeader(directory, file))
  return brief === true ? headers.map((header) => header && briefOf(header)) : headers
})

function briefOf({ domain, local, bytes }: QueueHeader): EntryHeader {
  return { domain, local, bytes }
}
