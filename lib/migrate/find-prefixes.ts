import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Prefix } from './types.js'

/** How far above the dmail.conf is looked: on Windows it lay in c:\winnt\system32. */
const LEVELS_UP = 2

/**
 * Finds where paths of another machine are on this one: the end of `c:\dmail\in` lies beside the dmail.conf, or a little above it, as `in`
 * or `dmail/in`. The longest such end counts, then the nearest directory. `covered` tells which paths need none.
 */
export async function findPrefixes(
  written: readonly string[],
  confFile: string,
  covered: (written: string) => boolean,
): Promise<Prefix[]> {
  const places = placesNear(confFile)
  const found = new Map<string, Prefix>()
  for (const each of new Set(written)) {
    if (covered(each) || [...found.values()].some(({ from }) => isUnder(each, from))) continue
    const prefix = await findPrefix(each, places)
    if (prefix !== undefined) found.set(prefix.from.toLowerCase(), prefix)
  }
  return [...found.values()]
}

function placesNear(confFile: string): string[] {
  const places = [path.dirname(confFile)]
  for (let up = 0; up < LEVELS_UP; up++) places.push(path.dirname(places.at(-1) ?? '/'))
  // The root holds everybody's directories, and none of them is a sign.
  return [...new Set(places)].filter((place) => place !== path.parse(place).root)
}

async function findPrefix(written: string, places: readonly string[]): Promise<Prefix | undefined> {
  const parts = written.replace(/\\/g, '/').replace(/\/+$/, '').split('/')
  for (let cut = 1; cut < parts.length; cut++) {
    for (const place of places) {
      const found = await findCase(place, parts.slice(cut))
      if (found === undefined) continue
      // The same file by a nearer place: c:\dmail is /var/dmail, which says less of c: than that it is /var.
      const to = places.find((nearer) => isUnder(found, nearer)) ?? place
      const levels = to === place ? 0 : path.relative(place, to).split(path.sep).length
      return { from: parts.slice(0, cut + levels).join(written.includes('\\') ? '\\' : '/'), to, by: 'found' }
    }
  }
  return undefined
}

function isUnder(written: string, from: string): boolean {
  const [one, other] = [written, from].map((each) => each.replace(/\\/g, '/').toLowerCase())
  return one !== undefined && other !== undefined && (one === other || one.startsWith(`${other}/`))
}

/** The full path of `parts` below a directory, without regard to case as on Windows; the exact one where there is one. */
export async function findCase(directory: string, parts: readonly string[]): Promise<string | undefined> {
  const exact = path.join(directory, ...parts)
  if (await isThere(exact)) return exact
  let at = directory
  for (const part of parts) {
    const names = await readdir(at).catch(() => [])
    const same = names.filter((name) => name.toLowerCase() === part.toLowerCase())
    const name = same.includes(part) ? part : same.length === 1 ? same[0] : undefined
    if (name === undefined) return undefined
    at = path.join(at, name)
  }
  return at
}

export async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
