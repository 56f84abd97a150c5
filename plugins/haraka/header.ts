import type { EntryHeader } from '../../lib/queue/entry.js'
import { queueDomain } from '../../lib/queue/header.js'
import type { HarakaHmail } from './outbound-types.js'

/** What the index needs of an item; undefined while its header is unread. */
export function headerOf(hmail: HarakaHmail): EntryHeader | undefined {
  const todo = hmail.todo as HarakaHmail['todo'] | null
  if (todo === null) return undefined
  return {
    domain: queueDomain(todo.domain),
    local: todo.notes['dmail'] !== undefined,
    bytes: hmail.file_size,
  }
}
