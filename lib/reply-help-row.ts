/** What a reply says to an operator, in Markdown for docs/troubleshooting.md: links are relative to docs/. */
export interface ReplyHelp {
  /** What stands in the text for what it is about. */
  readonly about?: string
  readonly means: string
  readonly remedy: string
}

/** Remedies that many have. */
export const NOTHING = 'nothing'
export const THE_CLIENT = "the client's fault"
