import { INI_KEYS, type IniKey } from './ini-keys.js'

/**
 * A dmail.ini with every key at its default and commented out, section by section, made from the table of keys.
 * `values` (key `section.key`) are written out instead.
 */
export function iniTemplate(values: Readonly<Record<string, string>> = {}): string {
  const rows: readonly IniKey[] = INI_KEYS
  const sections = [...new Set(rows.map(({ section }) => section))]
  const blocks = sections.map((section) => {
    const keys = rows.filter((row) => row.section === section)
    return [`[${section}]`, ...keys.flatMap((row) => keyLines(row, values[`${section}.${row.key}`]))].join('\n')
  })
  return [HEAD, ...blocks].join('\n\n') + '\n'
}

const HEAD = `; dmail.ini: what DMail had no setting for. Lines at their default are commented out. Durations are a number and s, m,
; h or d; sizes a number and k, m or g; "off" turns a limit off.

; Windows paths of dmail.conf and alias files on this machine: the longest prefix counts.
[paths]
;c:\\dmail = /var/dmail`

function keyLines({ key, default: usual, note }: IniKey, value: string | undefined): string[] {
  return [`; ${note}`, value === undefined ? `;${key}=${usual}` : `${key}=${value}`]
}
