import { serve } from '../thread.js'
import { readForwardFile } from './forward-file-reader.js'

/** A file, and the uid its owner must have. */
export type ForwardFileQuestion = readonly [file: string, ownerUid: number | undefined]

serve(([file, ownerUid]: ForwardFileQuestion) => readForwardFile(file, ownerUid))
