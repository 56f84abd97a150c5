import { serve } from '../thread.js'
import { appendBatches } from './append-batch.js'

serve(appendBatches)
