import { foldLocal, makeAddress, type Address } from '../address.js'
import { formatWritten, type Written } from '../conf/destination.js'
import type { LocalDomain } from './domains.js'
import { forwardFilePath, isBelow, parseForwardFile } from './forward-file.js'
import { lookUp, mailboxFor, type FoundUser } from './mailbox.js'
import { comesFromUser, redirect } from './redirect.js'
import { below, leaveOut, once, place, Unavailable, type Here, type Run, type Verdict } from './run.js'
import type { Destination, Step } from './types.js'

export interface OwnFile {
  readonly domain: LocalDomain
  readonly user: FoundUser
  readonly mailbox: Extract<Destination, { kind: 'mailbox' }>
  readonly isSelf: (address: Address) => boolean
}

/** Step 5: the user's forward file, used INSTEAD of the drop file when there is one (manual). */
export async function ownFileStage(run: Run, here: Here & { readonly step: Step }, own: OwnFile): Promise<Verdict> {
  const { domain, user, mailbox } = own
  const file = forwardFilePath(run.tables.usesDotForward, user.record, mailbox.path)
  // Read once, by whatever address the user is reached: with R19 there are any number.
  const again = comesFromUser(run, here, domain, user.local)
    ? () => Promise.resolve(place(run, here, mailbox, here.step))
    : undefined
  return once(run, `file ${file}`, here, () => followFile(run, here, file, own), again)
}

async function followFile(
  run: Run,
  here: Here & { readonly step: Step },
  file: string,
  { domain, user, mailbox, isSelf }: OwnFile,
): Promise<Verdict> {
  const deliver = (step: Step): Verdict => place(run, here, mailbox, step)
  const read = await run.world.readForwardFile(file, user.record.owner?.uid)
  if (read.kind === 'unavailable') throw new Unavailable(`${file}: ${read.detail}`)
  if (read.kind === 'ignored') leaveOut(run, here.step, file, read.reason)
  if (read.kind !== 'text') return deliver(here.step)

  const { items, problems } = parseForwardFile(read.text, run.tables.mapPath)
  for (const { line, message } of problems) leaveOut(run, here.step, file, message, `${file}:${line}`)
  const first = items[0]
  // An empty file is normal delivery (R12), and so is one with nothing in it that can be read.
  if (first === undefined) return deliver(here.step)
  const written = items.map((item) => formatWritten(item.written))
  const step = run.trace.add(here.step, {
    step: 'forward-file',
    input: here.address.text,
    rule: written.join(', '),
    at: `${file}:${first.line}`,
    output: written,
  })
  let refused = 0
  const verdict = await redirect(run, here, {
    step,
    items: items.map((item) => ({ written: item.written, at: `${file}:${item.line}` })),
    bareDomain: domain.name,
    isSelf,
    self: () => Promise.resolve(deliver(step)),
    mailboxOf: (local) =>
      foldLocal(local) === foldLocal(user.local)
        ? Promise.resolve(deliver(step))
        : otherMailbox(run, here, step, domain, local),
    refuses: (target) => {
      const why = refuseUserRule(run, target)
      if (why !== undefined) refused++
      return why
    },
  })
  // Nothing of the file may be used: as if it were not there (R13, R16).
  return refused === items.length ? deliver(here.step) : verdict
}

/** `\fred` in bob's forward file: fred's mailbox, whatever redirections fred has (R12). */
async function otherMailbox(run: Run, here: Here, step: Step, domain: LocalDomain, local: string): Promise<Verdict> {
  const at = below(here, makeAddress(local, domain.name), step)
  const found = await lookUp(run, at, domain, local)
  if (found === 'unknown') leaveOut(run, step, `\\${local}`, 'there is no such user')
  if (found === 'unknown' || found === 'bad') return 'unknown'
  return place(run, at, await mailboxFor(run, domain, found), step)
}

/** R16: programs and files in a user's own rules stay below the folders the operator names. */
function refuseUserRule(run: Run, target: Written): string | undefined {
  const { robotUserRoots, fileUserRoots } = run.tables
  if (target.kind === 'robot' && !isBelow(target.argv[0], robotUserRoots)) {
    return 'the program is not below a folder of [robot] user_roots'
  }
  if (target.kind === 'file' && !isBelow(target.path, fileUserRoots)) {
    return 'the file is not below a folder of [file] user_roots'
  }
  return undefined
}
