import { DSN_NOTE, readNote, type DsnNote } from '../../lib/dsn/note.js'
import { isAnswer } from './answers.js'
import type { HarakaHmail, HarakaHmailClass, QueuedRecipient } from './outbound-types.js'

/**
 * Where a next hop takes a message for some of its recipients only, Haraka writes a queue file of its own for the others and
 * goes on with that. What the next hop said to them is lost on that way in 3.3; in 3.1 it is written into the file, where it
 * would be taken for the answer to every later attempt. Here it goes along in memory, as it does in a message that is not split:
 * a report to the sender needs it, and the reason an operator is shown.
 */
export function keepAnswers({ prototype }: HarakaHmailClass): void {
  const { split_to_new_recipients: split } = prototype
  prototype.split_to_new_recipients = function (recipients, response, done) {
    if (this.num_failures > 0) rememberDelay(this.todo)
    split.call(this, recipients.map(withoutAnswer), response, (hmail) => {
      if (hmail !== this)
        hmail.todo.rcpt_to.forEach((recipient, at) => Object.assign(recipient, answerOf(recipients[at])))
      done(hmail)
    })
  }
}

/** N4: the sender hears once that a message is delayed; in a new file the failures of the old one are not counted. */
function rememberDelay({ notes }: HarakaHmail['todo']): void {
  const note = readNote(notes[DSN_NOTE])
  if (note !== undefined) notes[DSN_NOTE] = { ...note, delayed: true } satisfies DsnNote
}

function answerOf(recipient: QueuedRecipient | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(recipient ?? {}).filter(([name]) => isAnswer(name)))
}

function withoutAnswer(recipient: QueuedRecipient): QueuedRecipient {
  const bare = Object.create(Object.getPrototypeOf(recipient) as object) as Record<string, unknown>
  for (const [name, value] of Object.entries(recipient)) if (!isAnswer(name)) bare[name] = value
  return bare as QueuedRecipient
}
