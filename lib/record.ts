/** Whether a value read from outside has members to look at. A list has none. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object that a text is as JSON; undefined for what is none, or longer than `max` characters. */
export function parseRecord(text: string, max: number): Record<string, unknown> | undefined {
  if (text.length > max) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
