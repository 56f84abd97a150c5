import path from 'node:path'

export type MappedPath =
  { readonly ok: true; readonly path: string } | { readonly ok: false; readonly message: string; readonly hint: string }

/** Turns a path as written in a DMail file into one of this machine. */
export type MapPath = (written: string) => MappedPath

const DRIVE = /^[A-Za-z]:/
const UNC = /^\\\\/

/**
 * Path mapping of decision C10. `prefixes` are the lines of `[paths]` in dmail.ini (`c:\dmail` -> `/var/dmail`);
 * the longest prefix that ends at a separator wins, without regard to case. Back-slashes are turned after
 * mapping. A drive letter or UNC path that no prefix covers is an error naming the line to add. A relative path is
 * taken from `base` (the Haraka directory).
 */
export function pathMapper(prefixes: ReadonlyMap<string, string>, base: string): MapPath {
  const rules = [...prefixes]
    .map(([from, to]) => ({ from: turn(from).replace(/\/+$/, '').toLowerCase(), to: to.replace(/\/+$/, '') }))
    .sort((a, b) => b.from.length - a.from.length)

  return (written) => {
    const turned = turn(written)
    for (const { from, to } of rules) {
      const rest = turned.slice(from.length)
      if (turned.slice(0, from.length).toLowerCase() === from && (rest === '' || rest.startsWith('/'))) {
        return { ok: true, path: path.normalize(`${to}${rest}`) }
      }
    }
    if (DRIVE.test(written) || UNC.test(written)) {
      const prefix = DRIVE.test(written) ? written.slice(0, 2) : written.split('\\').slice(0, 4).join('\\')
      return {
        ok: false,
        message: `"${written}" is a Windows path`,
        hint: `add a line like "${prefix} = /path/on/this/machine" to section [paths] of dmail.ini`,
      }
    }
    return { ok: true, path: path.resolve(base, turned) }
  }
}

function turn(text: string): string {
  return text.replace(/\\/g, '/')
}
