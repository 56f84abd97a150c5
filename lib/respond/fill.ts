/** The %-fields of a text, and what stands for each in an answer. */
export interface FieldValues {
  /** Envelope sender, whom the answer goes to. */
  readonly sender: string
  /** The name of the sender in From, or the address where there is none. */
  readonly from: string
  readonly subject: string
  /** Date of the message. */
  readonly date: string
  /** The user's address that the message came to. */
  readonly recipient: string
  /** The part before its @. */
  readonly user: string
  /** The part behind its @. */
  readonly domain: string
  /** Start and End as they are written; empty where they are not. */
  readonly start: string
  readonly end: string
}

export const FIELD_NAMES = [
  'sender',
  'from',
  'subject',
  'date',
  'recipient',
  'user',
  'domain',
  'start',
  'end',
] as const satisfies readonly (keyof FieldValues)[]

const FIELD = /%(?:%|\{([a-z]+)\}|([a-z]+))/gi

/**
 * Puts values in place of `%subject` and `%{subject}`, and a percent sign in place of `%%`. Anything else with a percent sign stays
 * as it is: for a slip in a text no mail is to be returned. Once over the text, so that a value is never a field itself.
 */
export function fillFields(text: string, values: FieldValues): string {
  return text.replace(FIELD, (all, braced?: string, bare?: string) => {
    if (all === '%%') return '%'
    const name = nameOf(braced ?? bare)
    return name === undefined ? all : values[name]
  })
}

/** What looks like a field and is none, each once. */
export function unknownFields(text: string): string[] {
  const unknown = [...text.matchAll(FIELD)].filter(
    ([all, braced, bare]) => all !== '%%' && nameOf(braced ?? bare) === undefined,
  )
  return [...new Set(unknown.map(([all]) => all))]
}

function nameOf(word: string | undefined): keyof FieldValues | undefined {
  const lower = word?.toLowerCase()
  return FIELD_NAMES.find((name) => name === lower)
}
