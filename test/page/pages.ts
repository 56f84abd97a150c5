import type { QueueDetail, QueueRow } from '../../lib/queue/shown.js'
import type { Status } from '../../lib/control/protocol.js'
import type { Desk, Here, Listing, Order, Overview } from '../../lib/page/desk.js'
import { createDoor, type Door } from '../../lib/page/door.js'
import { EVENTS, type Event } from '../../lib/page/counters.js'
import type { MetricsData } from '../../lib/page/metrics.js'

export const NOW = Date.UTC(2026, 10, 25, 12)
export const TOKEN = 'a token of more than twenty characters'

/** A server whose words are all this text. */
export function overviewOf(text: string, nodes: readonly string[] = []): Overview {
  const mail = { count: 2, bytes: 3000, oldestMs: NOW - 60_000 }
  const status: Status = {
    version: text,
    pid: 7,
    startedMs: NOW - 1000,
    workers: 3,
    missing: 1,
    complete: true,
    queue: { count: 3, bytes: 4000, sending: 1 },
    held: 1,
    domains: [{ domain: 'a.example', ...mail, nextMs: NOW + 60_000, reason: text, suspended: false, held: 1 }],
    otherDomains: 4,
    suspensions: [{ domain: 'b.example', reason: text, ...mail }],
    ras: {
      host: text,
      everyMinutes: 5,
      nextMs: NOW,
      last: { atMs: NOW, ok: false, replies: [{ domain: text, ok: false, text }] },
    },
  }
  const [node] = nodes
  if (node === undefined) return { status, totals: totalsOf(text) }
  return { status: { ...status, cluster: clusterOf(node, nodes, text) }, totals: totalsOf(text) }
}

/** Of the nodes the first is this one, and the others are dead; their words are all this text. */
function clusterOf(node: string, nodes: readonly string[], text: string): NonNullable<Status['cluster']> {
  const domains = [[text, 2]] as const
  const summary = { version: text, pid: 7, startedMs: NOW, config: 'a', messages: 3, domains, suspended: 1 }
  return {
    node,
    state: 'joined',
    sinceMs: NOW,
    why: text,
    nodes: nodes.map((name, at) => ({
      node: name,
      alive: at === 0,
      ageMs: at * 60_000,
      summary: { ...summary, config: at === 0 ? 'a' : 'b' },
    })),
  }
}

export function totalsOf(text: string): Overview['totals'] {
  const trouble = { atMs: NOW, text }
  return {
    counts: {
      events: Object.fromEntries(EVENTS.map((event, at) => [event, at + 1])) as Record<Event, number>,
      refusals: { unknownUser: 4 },
      minutes: [{ minute: NOW / 60_000, delivered: 5, failed: 1, deferred: 2 }],
      lookupTrouble: trouble,
      reloadTrouble: trouble,
    },
    robots: { running: 1, waiting: 2, programs: [{ program: text, running: 1, waiting: 2 }] },
  }
}

export function rowOf(text: string): QueueRow {
  return {
    id: text,
    uuid: text,
    domain: text,
    sender: text,
    recipients: [text, text, text, text],
    bytes: 5000,
    arrivedMs: NOW - 1000,
    attempts: 2,
    state: 'waiting',
    nextMs: NOW + 60_000,
    reason: text,
    kind: 'robot',
    work: text,
  }
}

export function detailOf(text: string): QueueDetail {
  return { ...rowOf(text), file: text, pid: 7, headers: `Subject: ${text}\r\nTo: ${text}` }
}

export function listingOf(text: string): Listing {
  return { rows: [rowOf(text)], total: 10_000, looked: 500, byHeader: false, missing: 0 }
}

export const METRICS: MetricsData = {
  version: '0.1.0',
  startedMs: NOW,
  workers: 3,
  missing: 0,
  queue: { bytes: 4000, states: { waiting: 1, suspended: 2, held: 3, starting: 0, sending: 4 } },
  totals: totalsOf('text'),
  cluster: { connected: true, nodes: 3 },
}

/** A desk that says this text about everything, and keeps the orders it is given. */
export function deskOf(
  text: string,
  door: Door = createDoor(TOKEN),
  nodes: readonly string[] = [],
): Desk & { readonly orders: Order[] } {
  const orders: Order[] = []
  return {
    orders,
    enter: (token, from) => Promise.resolve(door.enter(token, from)),
    knows: (token, from) => Promise.resolve(door.knows(token, from)),
    formToken: (session) => Promise.resolve(door.formToken(session)),
    overview: () => Promise.resolve({ ok: true, value: overviewOf(text, nodes) }),
    nodes: () => Promise.resolve(nodes.map((node, at) => ({ node, alive: at === 0, own: at === 0 }))),
    list: () => Promise.resolve({ ok: true, value: listingOf(text) }),
    trace: async (question) => ({ ok: true, value: await hereOf(text).trace(question) }),
    show: () => Promise.resolve({ ok: true, value: detailOf(text) }),
    act: (order) => {
      orders.push(order)
      return Promise.resolve()
    },
    deeds: () => Promise.resolve([{ atMs: NOW, what: text, state: 'refused', text }]),
    metrics: () => Promise.resolve(METRICS),
  }
}

export function hereOf(text: string): Here {
  return {
    allows: (ip) => ip.startsWith('127.'),
    problems: () => [{ severity: 'warning', at: { file: text, line: 1 }, message: text, hint: text }],
    trace: () => {
      const step = { id: 1, parent: 0, step: 'forward', input: text, rule: text, at: text, output: [] } as const
      const reply = { code: 250, enhanced: '2.1.5', text }
      const destination = { kind: 'file', path: text } as const
      return Promise.resolve({
        report: { address: text, accepted: true, reply, destinations: [destination], trace: [step] },
        under: [1],
      })
    },
  }
}
