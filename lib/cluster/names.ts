import { createHash } from 'node:crypto'

/** What a node may be called: it is part of keys and channels, and is shown. */
export function isNodeName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)
}

/** What keys may begin with. */
export function isPrefix(prefix: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(prefix)
}

/** A host name as a node is called by it. */
export function nodeNameOf(hostName: string): string {
  const name = hostName.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 64)
  return isNodeName(name) ? name : 'node'
}

/** A short name for text of any length that strangers chose. Who reads keys does not read addresses. */
export function shortKey(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}
