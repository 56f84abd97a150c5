import { formatWritten, parseDestination, type Written } from '../conf/destination.js'
import { splitDestinations } from '../conf/destination-list.js'
import type { LocalDomain } from './domains.js'
import { mailboxFor, type FoundUser } from './mailbox.js'
import { ownFileStage, type OwnFile } from './own-file.js'
import { comesFromUser, ownAddress, redirect } from './redirect.js'
import { leaveOut, once, Unavailable, type Here, type Run, type Verdict } from './run.js'
import type { Step } from './types.js'

/** Steps 4 to 6 for a user that exists: the fwd field outranks the forward file, which replaces the drop file. */
export async function userStage(run: Run, here: Here, domain: LocalDomain, user: FoundUser): Promise<Verdict> {
  const mailbox = await mailboxFor(run, domain, user)
  const fwd = (user.record.fields.get('fwd') ?? '').trim()
  const step = run.trace.add(here.step, {
    step: 'user',
    input: here.address.text,
    rule: `user ${user.asked}`,
    at: undefined,
    output: fwd === '' ? [mailbox.path] : [`fwd="${fwd}"`],
  })
  const own = { domain, user, mailbox, isSelf: ownAddress(here.address, domain, user.local) }
  if (fwd === '') return ownFileStage(run, { ...here, step }, own)
  // Followed once, by whatever address the user is reached: with R19 there are any number.
  const again = comesFromUser(run, here, domain, user.local)
    ? () => ownFileStage(run, { ...here, step }, own)
    : undefined
  return once(run, `fwd ${user.asked}`, here, () => fwdStage(run, { ...here, step }, fwd, own), again)
}

async function fwdStage(run: Run, here: Here & { readonly step: Step }, fwd: string, own: OwnFile): Promise<Verdict> {
  const { step } = here
  const { domain, user, isSelf } = own
  const items: { written: Written; at: undefined }[] = []
  for (const { text } of splitDestinations(fwd)) {
    const written = parseDestination(text, 'fwd', run.tables.mapPath)
    if (written.kind === 'bad') leaveOut(run, step, text, written.message)
    else items.push({ written, at: undefined })
  }
  // A redirection that cannot be read must neither lose the mail nor put it where the user does not look.
  if (items.length === 0) throw new Unavailable(`the fwd field of user ${user.asked} names no destination: ${fwd}`)
  const fwdStep = run.trace.add(step, {
    step: 'fwd',
    input: here.address.text,
    rule: `fwd="${fwd}"`,
    at: undefined,
    output: items.map(({ written }) => formatWritten(written)),
  })
  return redirect(run, here, {
    step: fwdStep,
    items,
    bareDomain: domain.name,
    isSelf,
    // manual: "unless the destination is self referential - e.g. includes $user"
    self: () => ownFileStage(run, { ...here, step: fwdStep }, own),
  })
}
