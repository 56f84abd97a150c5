import { serve } from '../thread.js'
import type { ForwardFileText } from '../routing/tables.js'
import { fileSize } from './file-size.js'
import { readForwardFile } from './forward-file-reader.js'

/** What is asked of a disk, and what it answers. */
export interface DiskQuestions {
  /** `ownerUid`: who must own the file. */
  readonly forwardFile: {
    readonly asked: readonly [file: string, ownerUid: number | undefined]
    readonly answer: ForwardFileText
  }
  readonly size: { readonly asked: readonly [file: string]; readonly answer: number }
}

export type DiskQuestion = {
  readonly [Name in keyof DiskQuestions]: readonly [Name, ...DiskQuestions[Name]['asked']]
}[keyof DiskQuestions]

serve((question: DiskQuestion) =>
  question[0] === 'size' ? fileSize(question[1]) : readForwardFile(question[1], question[2]),
)
