/** `ENOSPC` and the like; undefined for an error that did not come from the operating system. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether a file is not there: where machines share a disk (NFS), one that another has just removed may be ESTALE. */
export function isGone(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ESTALE'
}

/** Does something to a file, unless it is not there. */
export function unlessGone(action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** The message of an error, and of its cause where it does not say that already. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : errorText(error.cause)
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`
}

/** What was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
