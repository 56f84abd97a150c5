import { serve } from '../thread.js'
import { readQueueHeader, type QueueHeader } from './header.js'

export interface HeaderQuestion {
  readonly directory: string
  readonly files: readonly string[]
}

/** In order; undefined for a file that is gone or unreadable. */
export type HeaderAnswer = readonly (QueueHeader | undefined)[]

serve(({ directory, files }: HeaderQuestion): HeaderAnswer => files.map((file) => readQueueHeader(directory, file)))
