import type { UserDirectory } from './types.js'

/** The part of a directory that checks passwords, for what stands before it: nothing of it is kept or shared. */
export function passwordsOf(inner: UserDirectory): Pick<UserDirectory, 'check'> {
  const check = inner.check?.bind(inner)
  return check === undefined ? {} : { check }
}
