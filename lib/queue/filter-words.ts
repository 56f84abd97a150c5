import { parseDuration } from '../conf/forms.js'
import { compilePatternList, hasWildcard, splitPatternList, type Matcher } from '../conf/wildcard.js'
import { conditionText, domainText, type Domains, type Filter, type Names } from './filter.js'

export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly message: string; readonly hint: string }

const GRAMMAR = 'a filter is made of ID, id=, domain=, from=, to=, older=2h, or the word all'
const ID = /^[0-9A-Za-z]+$/
const UUID = /^[0-9A-F]+(?:-[0-9A-F]+)+(?:\.\d+)*$/i

/**
 * Reads the words of a filter: `id` or `id=`, `domain=`, `from=`, `to=` (comma lists with wildcards, C4, any case but for ids),
 * `older=2h`, `all`. A word alone is an id of `queue list`, or a message's id in the log with or without its last number. Words of one kind:
 * any must hold; of different kinds: all. No words at all are everything, or with `need` an error.
 */
export function parseFilter(words: readonly string[], { need, nowMs }: { need: boolean; nowMs: number }): ParsedFilter {
  const values = new Map<string, string[]>()
  for (const word of words) {
    const [, key, value = word] = /^([a-z]+)=(.*)$/is.exec(word) ?? []
    const kind = key?.toLowerCase() ?? (word.toLowerCase() === 'all' ? 'all' : 'name')
    const reader = key === undefined ? (kind === 'all' ? () => undefined : nameFault) : READERS.get(kind)
    if (reader === undefined) return no(`"${word}" is no filter`, GRAMMAR)
    const fault = reader(value)
    if (fault !== undefined) return no(...fault)
    values.set(kind, [...(values.get(kind) ?? []), value])
  }
  if (need && words.length === 0) {
    return no('this would be for every message in the queue', 'say which, or "all" if that is meant')
  }
  const durations = (values.get('older') ?? []).map((text) => parseDuration(text) ?? 0)
  return {
    ok: true,
    filter: {
      names: namesOf(values.get('name') ?? [], values.get('id') ?? []),
      domain: domainsOf(values.get('domain')),
      from: patternsOf(values.get('from'), conditionText),
      to: patternsOf(values.get('to'), conditionText),
      untilMs: durations.length === 0 ? undefined : nowMs - Math.min(...durations),
    },
  }
}

type Fault = readonly [message: string, hint: string]

function nameFault(value: string): Fault | undefined {
  if (ID.test(value) || UUID.test(value)) return undefined
  return [`"${value}" is neither an id of the queue nor one of the log`, GRAMMAR]
}

/** By the word in front of `=`: what is wrong with a value. */
const READERS = new Map<string, (value: string) => Fault | undefined>([
  ['id', (value) => listFault('id', value, 'write id=ID, or a pattern such as id=mc*')],
  ['domain', (value) => listFault('domain', value, 'write domain=domain1.com, or domain=*.domain1.com')],
  [
    'from',
    (value) =>
      listFault('from', value, 'write from=bob@domain1.com; from=<> is mail without a sender, such as reports'),
  ],
  ['to', (value) => listFault('to', value, 'write to=bob@domain1.com, or to=*@domain1.com')],
  [
    'older',
    (value) =>
      parseDuration(value) === undefined ? [`"${value}" is no duration`, 'write older=90s, 5m, 2h or 3d'] : undefined,
  ],
])

function listFault(key: string, value: string, hint: string): Fault | undefined {
  const entries = splitPatternList(value)
  if (entries.length === 0 || entries.some(({ text }) => text === '')) return [`${key}= needs a value`, hint]
  return /[\x00-\x1f\x7f]/.test(value) ? [`${key}= has a control character`, hint] : undefined
}

function namesOf(words: readonly string[], lists: readonly string[]): Names | undefined {
  if (words.length === 0 && lists.length === 0) return undefined
  const entries = lists.flatMap(splitPatternList)
  const plain = entries.every(({ text, negated }) => !negated && !hasWildcard(text))
  const pattern = lists.map((list) => compilePatternList(markCase(list)))
  return {
    ids: new Set([...words.filter((word) => ID.test(word)), ...(plain ? entries.map(({ text }) => text) : [])]),
    pattern: plain ? undefined : (id) => pattern.some((matches) => matches(markCase(id))),
    uuids: words.filter((word) => UUID.test(word)).map((word) => word.toLowerCase()),
  }
}

/** Patterns know no case, ids do: upper case letters are moved to code points that have none. */
function markCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(0xe000 + letter.charCodeAt(0)))
}

function domainsOf(lists: readonly string[] | undefined): Domains | undefined {
  if (lists === undefined) return undefined
  const entries = lists.flatMap(splitPatternList)
  const exact = entries.some(({ text, negated }) => negated || hasWildcard(text))
    ? undefined
    : [...new Set(entries.map(({ text }) => domainText(text)))]
  return { exact, matches: patternsOf(lists, domainText) ?? (() => false) }
}

function patternsOf(lists: readonly string[] | undefined, fold: (text: string) => string): Matcher | undefined {
  if (lists === undefined) return undefined
  const compiled = lists.map((list) =>
    compilePatternList(
      splitPatternList(list)
        .map(({ text, negated }) => `${negated ? '!' : ''}${fold(text)}`)
        .join(','),
    ),
  )
  return (text) => compiled.some((matches) => matches(text))
}

function no(message: string, hint: string): ParsedFilter {
  return { ok: false, message, hint }
}
