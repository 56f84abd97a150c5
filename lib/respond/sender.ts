import { makeAddress, parseAddress, type Address } from '../address.js'

/**
 * Local parts of programs, of lists and of those who do not read answers (RFC 3834 2, and what vacation(1) leaves out), in lower
 * case. A tag behind `+` or `=`, and what mailing lists put behind `bounce-`, does not make a person of it.
 */
const NO_PERSON: readonly RegExp[] = [
  /^(?:mailer-daemon|mailer|daemon|postmaster|uucp|listserv|listproc|majordomo|mdaemon)(?:$|[+=])/,
  /^owner-|-owner(?:$|[+=])/,
  /-request(?:$|[+=])/,
  /(?:^|[-_.])bounces?(?:$|[-+=_])/,
  /-(?:errors?|outgoing|relay|return)(?:$|[-+=])/,
  /^(?:no|do-?not|donot)[-_.]?reply(?:$|[-+=_])/,
]

/** Whether an answer to this address reaches nobody, or the wrong ones. */
export function isNoPerson(sender: Address): boolean {
  const local = personBehind(sender).local.toLowerCase()
  return NO_PERSON.some((form) => form.test(local))
}

/**
 * Who is behind an address that differs from message to message: BATV (`prvs=tag=user@domain`) and SRS
 * (`SRS0=hash=time=domain=user@forwarder`). Other addresses are returned as they are.
 */
export function personBehind(sender: Address): Address {
  const [, signed] = /^prvs=[0-9a-z]+=(.+)$/i.exec(sender.local) ?? []
  if (signed !== undefined) return makeAddress(signed, sender.domain)
  const [, domain, local] = /^srs0[=+-][^=]+=[^=]+=([^=]+)=(.+)$/i.exec(sender.local) ?? []
  if (domain === undefined || local === undefined) return sender
  return parseAddress(`${local}@${domain}`) ?? sender
}
