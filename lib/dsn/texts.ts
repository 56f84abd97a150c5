import type { ReportedRecipient } from './report.js'

export type Action = ReportedRecipient['action']

/**
 * The words of a report, by what became of the message: the first line is the subject, the rest a paragraph or more for a person.
 * `{recipients}` stands alone on a line and becomes the addresses with their reasons; `{host}`, `{sysadmin}` and `{until}` become
 * this server, whom to ask, and when it gives up.
 */
export type Texts = Readonly<Record<TextName, string>>

/** What news there is; a double bounce is told to the operator, in other words than to a sender. */
export type TextName = Action | 'double-bounce'

export const ACTIONS: readonly Action[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded']

export const DEFAULT_TEXTS: Texts = {
  failed: `Your message could not be delivered
Your message could not be delivered to:

{recipients}

No further attempt is made. Please check the address, or write to the recipient in another way. If the reason above does not
help, ask {sysadmin}.
`,
  delayed: `Your message is delayed
Your message could not be delivered yet to:

{recipients}

There is nothing you need to do: {host} goes on trying until {until}. You will hear if that fails too.
`,
  delivered: `Your message was delivered
As you asked to be told: your message was delivered to:

{recipients}

That does not mean that it was read.
`,
  relayed: `Your message was passed on
As you asked to be told: your message was passed on for:

{recipients}

The server that took it does not report deliveries, so this is the last you hear unless something goes wrong.
`,
  expanded: `Your message was sent on to the members of a list
As you asked to be told: your message was sent on to the members of the list

{recipients}

You will not hear about each of them.
`,
  'double-bounce': `A message without a sender could not be delivered
A message could not be delivered, and it has no sender who could be told: most likely it is itself a report. It was for:

{recipients}

No further attempt is made. You get this report because this server, {host}, has nobody else to tell.
`,
}

export const TEXT_NAMES = Object.keys(DEFAULT_TEXTS) as readonly TextName[]

/** Of a report with more than one kind of news. */
export const MIXED_SUBJECT = 'What became of your message'

/** Cuts a text into its subject and its body. */
export function splitText(text: string): { readonly subject: string; readonly body: string } {
  const end = text.indexOf('\n')
  if (end < 0) return { subject: text.trim(), body: '' }
  return { subject: text.slice(0, end).trim(), body: text.slice(end + 1) }
}

/** What is wrong with an operator's text; undefined where it can be used. */
export function checkText(text: string): string | undefined {
  const { subject, body } = splitText(text)
  if (subject === '') return 'the first line, which is the subject, is empty'
  if (/[^ -~]/.test(subject)) return 'the first line, which is the subject, has characters that are not ASCII'
  if (!/^[ \t]*\{recipients\}[ \t]*$/m.test(body)) return 'there is no line {recipients}'
  return undefined
}
