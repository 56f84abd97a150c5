import type { DmailConf } from './dmail-conf.js'
import type { DmailIni } from './ini-keys.js'
import type { Problem } from './problem.js'
import type { Setting } from './dmail-conf.js'

const MINUTE_MS = 60_000

/** What is odd about the ras_* lines as a whole (Q8): warnings, as for anything about them. */
export function checkRas(conf: DmailConf, { etrn }: DmailIni): Problem[] {
  const problems: Problem[] = []
  const warn = ({ at }: Setting<unknown>, message: string, hint: string): void => {
    problems.push({ severity: 'warning', at, message, hint })
  }
  // A line that could not be read has had its warning.
  const written = new Set(conf.list().map(({ name }) => name))
  const timer = conf.setting('ras_timer')
  const [dial, hangup] = [conf.setting('ras_dial'), conf.setting('ras_hangup')]

  if (timer !== undefined && !written.has('ras_host')) {
    warn(timer, 'ras_timer has nobody to ask without ras_host', 'add a line "ras_host provider.example.net"')
  }
  if (!written.has('ras_timer')) {
    const others = [conf.setting('ras_host'), conf.all('ras_domain')[0], dial, hangup]
    for (const line of others.filter((line) => line !== undefined)) {
      warn(line, `${line.name} does nothing without ras_timer`, 'add a line "ras_timer 60", in minutes')
    }
    return problems
  }
  if (hangup !== undefined && !written.has('ras_dial')) {
    warn(hangup, 'ras_hangup does nothing without ras_dial', 'name the program that opens the line, or remove the line')
  }
  if (
    timer !== undefined &&
    dial !== undefined &&
    hangup !== undefined &&
    etrn.hangupAfter >= timer.value * MINUTE_MS
  ) {
    const message = 'the line is still open when the next round is due, which is left out then'
    warn(timer, message, `make ras_timer longer than [etrn] hangup_after (${etrn.hangupAfter / MINUTE_MS} minutes)`)
  }
  return problems
}
