// The Markdown of the replies, from their table and what lib/reply-help.ts says to each; settings-docs.mjs puts it into the pages.
import { code, table } from './settings-tables.mjs'

/** A block of replies: each as a client sees it, what it means, and what to do. */
export function repliesTable(names, { reply, replyText, help }) {
  return table(
    ['reply', 'means', 'what to do'],
    names.map((name) => {
      const { about = '', means, remedy } = help[name]
      const made = reply(name, about, 'N')
      return [code(`${made.code} ${replyText(made)}`), means, remedy]
    }),
  )
}
