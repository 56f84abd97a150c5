import type { Adopted } from '../adopt/shown.js'
import { counted, visible } from './values.js'

/** What `dmail queue adopt` did, in lines, the last without its end. */
export function adoptedText({
  directory,
  node,
  adopted,
  held,
  suspensions,
  left,
  unfinished,
  stopped,
}: Adopted): string {
  const whose = node === '' ? '' : ` of ${visible(node)}`
  const holds = held === 0 ? '' : `, ${held} of them held`
  const lines = [`${counted(adopted, 'message')} taken over from ${visible(directory)}${whose}${holds}`]
  if (suspensions > 0) lines.push(`${counted(suspensions, 'suspension')} taken over`)
  if (unfinished > 0) {
    lines.push(
      `${counted(unfinished, 'file')} left that had not been written to the end: nobody was told that this mail was taken`,
    )
  }
  for (const { why, count, files } of left) {
    lines.push(`${counted(count, 'file')} left: ${visible(why)}`)
    for (const file of files) lines.push(`  ${visible(file)}`)
    if (count > files.length) lines.push(`  and ${count - files.length} more`)
  }
  if (stopped !== '') {
    lines.push(
      `stopped before the end: ${visible(stopped)}`,
      'nothing is lost or sent twice: when that is mended, give the command again',
    )
  }
  return lines.join('\n')
}
