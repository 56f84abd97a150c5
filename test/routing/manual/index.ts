import { FORWARD_FILES } from './forward-files.js'
import { OUTLINE } from './outline.js'
import { QUESTIONS } from './questions.js'
import type { ManualRow } from './row.js'
import { SPECIAL_DESTINATIONS } from './special.js'

/** Every example and every statement of precedence in the manual. */
export const MANUAL: readonly ManualRow[] = [...FORWARD_FILES, ...SPECIAL_DESTINATIONS, ...OUTLINE, ...QUESTIONS]
