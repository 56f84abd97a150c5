import { validName } from '../lib/directory/protocol.js'

export interface FileOptions {
  readonly path: string
  readonly readonly: boolean
  readonly tell: 'log' | 'debug' | undefined
  readonly validName: (name: string) => boolean
  /** `drop_path 0`: the directory of every drop file. */
  readonly dropDirectory: string | undefined
  /** A command of the command line and its arguments; empty: the line protocol on stdin. */
  readonly command: readonly string[]
  /** NWAuth's options that mean nothing here. */
  readonly ignored: readonly string[]
}

/** NWAuth's options that are not for this module, and how many arguments each has. */
const IGNORED: Readonly<Record<string, number>> = {
  '-allowhighascii': 0,
  '-encrypt': 0,
  '-logpass': 0,
  '-generate': 1,
  '-size': 1,
  '-sleep': 2,
}

/** Reads the command line: NWAuth's options, then perhaps a command. A string says what is wrong with it. */
export function readFileOptions(argv: readonly string[]): FileOptions | string {
  const rest = [...argv]
  const ignored: string[] = []
  let path: string | undefined
  let dropDirectory: string | undefined
  let badLocal = ''
  let bad = ''
  const flags = { '-readonly': false, '-allowats': false, '-debug': false, '-log': false }
  for (;;) {
    const option = rest[0]?.toLowerCase() ?? ''
    if (!option.startsWith('-') && option !== 'drop_path') break
    rest.shift()
    if (option in flags) flags[option as keyof typeof flags] = true
    else if (option === '-path' || option === '-badchar' || option === '-badchar_localpart') {
      const value = rest.shift()
      if (value === undefined) return `${option} needs a value`
      if (option === '-path') path = value
      else if (option === '-badchar') bad += value
      else badLocal += value
    } else if (option === 'drop_path') {
      const [method = '', directory] = rest.splice(0, 2)
      if (!/^[012]$/.test(method) || directory === undefined) return 'drop_path needs 0, 1 or 2, and a directory'
      // How DPOP hashed names is not known (D6); the suite finds the files where they are.
      if (method === '0') dropDirectory = directory
      else ignored.push(`drop_path ${method} (set "hash_spool scan" in dmail.conf)`)
    } else {
      const more = Object.hasOwn(IGNORED, option) ? IGNORED[option] : undefined
      if (more === undefined) return `${option} is not an option`
      ignored.push(option)
      rest.splice(0, more)
    }
  }
  if (path === undefined) return 'no -path'
  return {
    path,
    readonly: flags['-readonly'],
    tell: flags['-debug'] ? 'debug' : flags['-log'] ? 'log' : undefined,
    validName: nameRule(bad, badLocal, flags['-allowats']),
    dropDirectory,
    command: rest,
    ignored,
  }
}

/** Names of the suite without the characters given, and with one @ at most. */
function nameRule(bad: string, badLocal: string, manyAts: boolean): (name: string) => boolean {
  const everywhere = Array.from(bad)
  const before = Array.from(badLocal)
  return (name) => {
    const local = name.slice(0, name.includes('@') ? name.lastIndexOf('@') : name.length)
    return (
      validName(name) &&
      (manyAts || name.indexOf('@') === name.lastIndexOf('@')) &&
      !everywhere.some((character) => name.includes(character)) &&
      !before.some((character) => local.includes(character))
    )
  }
}
