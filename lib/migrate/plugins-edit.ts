/** Plugins that would decide before the suite or against it, and why; names as they stand in config/plugins. */
const CONFLICTS: readonly { readonly like: RegExp; readonly why: string }[] = [
  {
    like: /^(?:rcpt_to\.|qmail-deliverable$|rcpt-|recipient-routes$|vpopmail$)/,
    why: 'it accepts or refuses recipients in place of dmail/rcpt',
  },
  {
    like: /^(?:queue\/|test_queue$|smtp[-_](?:forward|proxy|bridge)$|qmail-queue$|lmtp$)/,
    why: 'it takes the mail in place of dmail/queue',
  },
  { like: /^aliases?$/, why: 'it sends recipients elsewhere behind the back of dmail/rcpt' },
]

/** The lines that the suite cannot do without, if it is loaded line by line. */
const NEEDED = ['dmail/rcpt', 'dmail/queue', 'dmail/outbound']

const MARK = '# commented out by "dmail migrate":'

export interface PluginsEdit {
  readonly text: string
  /** What was done, a line each. */
  readonly changes: readonly string[]
  /** What the operator should look at. */
  readonly warnings: readonly { readonly line: number; readonly message: string; readonly hint: string }[]
}

/** Puts the suite into config/plugins; lines that are against it are commented out and named, nothing is removed. */
export function editPlugins(text: string): PluginsEdit {
  const end = /^[^\n]*\r\n/.test(text) ? '\r' : ''
  const lines = text.split('\n')
  const changes: string[] = []
  const names: string[] = []
  const edited = lines.flatMap((line, index) => {
    const name = line.trim()
    if (name === '' || /^[;#]/.test(name)) return [line]
    const conflict = CONFLICTS.find(({ like }) => like.test(name.replace(/^haraka-plugin-/, '')))
    if (conflict === undefined) {
      names.push(name)
      return [line]
    }
    changes.push(`line ${index + 1}, ${name}, is commented out: ${conflict.why}`)
    return [`${MARK} ${conflict.why}${end}`, `# ${line}`]
  })
  const warnings: PluginsEdit['warnings'][number][] = []
  const own = names.filter((name) => name === 'dmail' || name.startsWith('dmail/'))
  if (own.length === 0) {
    while (edited.at(-1)?.trim() === '') edited.pop()
    edited.push(`dmail${end}`, '')
    changes.push('the line dmail is added')
  } else if (!own.includes('dmail')) {
    for (const name of NEEDED) {
      if (own.includes(name)) continue
      const message = `config/plugins has lines of the suite, but not ${name}`
      warnings.push({ line: 1, message, hint: `add ${name}, or the one line dmail instead of all` })
    }
  }
  return { text: changes.length === 0 ? text : edited.join('\n'), changes, warnings }
}
