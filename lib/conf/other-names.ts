import type { AliasKey } from './alias-entry.js'

/** Further names of the main domain, each with the main domain: mail for them is looked up under its name (R10). */
export type OtherNames = ReadonlyMap<string, string>

/** What is wrong with an alias whose key names its domain by another name: no look-up asks for it. Undefined for any other key. */
export function misnamed(
  { text, hasDomain }: AliasKey,
  names: OtherNames,
): { readonly message: string; readonly hint: string } | undefined {
  if (!hasDomain || names.size === 0) return undefined
  const domain = text.slice(text.lastIndexOf('@') + 1)
  const main = names.get(domain)
  if (main === undefined) return undefined
  return {
    message: `is never used: ${domain} is another name of ${main}, and aliases are looked up under that`,
    hint: `leave @${domain} out, which is for all names of ${main}; for ${domain} alone write a forward line in dmail.conf`,
  }
}
