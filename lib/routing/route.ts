import { makeAddress, parseAddress, type Address } from '../address.js'
import { reply, type Reply } from '../reply.js'
import { forwardStage, lastResort } from './ladder.js'
import { fullOnly } from './quota.js'
import { relayRight, type Client } from './relay.js'
import { leaveOut, startRun, Unavailable, type Run } from './run.js'
import type { Tables, World } from './tables.js'
import type { Route } from './types.js'

/**
 * The decision for one recipient: where does mail for `text` (as given at RCPT, without angle brackets) from this
 * client go, or what is the refusal? Depends on nothing but its arguments. Never throws for bad input.
 * Source: manual ("the very basic outline of what DSMTP does with a message when it arrives"), R1-R23, A1-A2.
 */
export async function route(tables: Tables, world: World, text: string, client: Client): Promise<Route> {
  const run = startRun(tables, world, forwardStage)
  const address = readRecipient(text, tables)
  if (address === undefined) return refuse(run, undefined, reply('badAddress', text))

  // A2: the address the client gave is judged, whatever a rule makes of it.
  if (!tables.localDomains.has(address.domain)) {
    const right = relayRight(tables.relayRules, tables.legacyOpen, client, address)
    if (!right.allowed) return refuse(run, address, reply('relayingDenied', address.text))
    run.trace.add(undefined, {
      step: 'relay',
      input: address.text,
      rule: right.rule,
      at: right.at,
      output: ['may relay'],
    })
  }
  try {
    const here = { address, source: undefined, step: undefined, depth: 0 }
    const found = await run.fromStart(here)
    const verdict = found === 'placed' ? found : ((await lastResort(run, here)) ?? found)
    switch (verdict) {
      case 'placed': {
        const destinations = [...run.placed.values()]
        const full = await fullOnly(destinations, world, client.size)
        if (full !== undefined) {
          for (const { path, step } of full) leaveOut(run, step, path, 'the drop file has reached its limit')
          return refuse(run, address, reply('mailboxFull', address.text))
        }
        return {
          accepted: true,
          address,
          reply: reply('accepted', address.text),
          destinations,
          trace: run.trace.steps,
        }
      }
      case 'unknown':
        return refuse(run, address, reply('unknownUser', address.text))
      case 'loop':
        return refuse(run, address, reply('loop', address.text))
      case 'bad':
        return refuse(run, address, reply('badAddress', address.text))
    }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    return refuse(run, address, reply('lookupUnavailable', address.text), error.message)
  }
}

/** R21: percent hack, bang path and source route are refused; bare postmaster is at the main domain (R20). */
function readRecipient(text: string, tables: Tables): Address | undefined {
  if (text.toLowerCase() === 'postmaster') return makeAddress(text, tables.mainDomain, text)
  const address = parseAddress(text)
  return address === undefined || /[%!@]/.test(address.local) ? undefined : address
}

function refuse(run: Run, address: Address | undefined, answer: Reply, detail?: string): Route {
  run.trace.add(undefined, {
    step: 'refused',
    input: address?.text ?? '',
    rule: answer.text,
    at: undefined,
    output: [`${answer.code} ${answer.enhanced}`],
  })
  const extra = detail === undefined ? {} : { detail }
  return { accepted: false, address, reply: answer, destinations: [], trace: run.trace.steps, ...extra }
}
