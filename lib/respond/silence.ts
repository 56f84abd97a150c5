/** Why a message is not answered. */
export type Because =
  | 'no sender'
  | 'null sender'
  | 'strange head'
  | 'automatic'
  | 'list'
  | 'bulk'
  | 'report'
  | 'spam'
  | 'no person'
  | 'own mail'
  | 'not addressed'
  | 'too early'
  | 'over'
  | 'no text'
  | 'answered'
  | 'full'

export interface Silence {
  readonly because: Because
  /** A sentence for the operator; it may hold words of the message. */
  readonly text: string
}

export function silence(because: Because, text: string): Silence {
  return { because, text }
}
