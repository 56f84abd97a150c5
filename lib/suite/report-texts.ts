import path from 'node:path'
import type { Problem } from '../conf/problem.js'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { checkText, DEFAULT_TEXTS, TEXT_NAMES, type Texts } from '../dsn/texts.js'

const MAX_TEXT_BYTES = 64 * 1024

/**
 * The texts of reports (`[dsn] texts`): `failed.txt` and so on, from the first directory that has the file; one that cannot
 * be used is an error, and the built-in one stays. `labelOf` says how messages call a file.
 */
export async function loadTexts(
  directories: readonly string[],
  labelOf: (file: string) => string,
): Promise<{ readonly texts: Texts; readonly problems: readonly Problem[]; readonly files: readonly string[] }> {
  const texts = { ...DEFAULT_TEXTS }
  const problems: Problem[] = []
  const files: string[] = []
  for (const name of TEXT_NAMES) {
    for (const directory of directories) {
      const file = path.join(directory, `${name}.txt`)
      files.push(file)
      const content = await readRegularFile(file, MAX_TEXT_BYTES)
      if (!content.ok && content.missing) continue
      const text = content.ok ? decodeText(content.data).replace(/\r\n/g, '\n') : undefined
      const wrong = content.ok ? checkText(text ?? '') : content.message
      if (text !== undefined && wrong === undefined) texts[name] = text
      else {
        const hint = content.ok ? 'see docs/dsn.md for what a text holds' : content.hint
        problems.push({ severity: 'error', at: { file: labelOf(file), line: 1 }, message: wrong ?? '', hint })
      }
      break
    }
  }
  return { texts, problems, files }
}
