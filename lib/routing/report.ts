import { formatHost } from './provenance.js'
import type { Destination, Route, StepName } from './types.js'

/** A destination as `dmail route --json` prints it (DESIGN: fixed names). */
export type ReportedDestination =
  | { readonly kind: 'mailbox'; readonly user: string; readonly path: string }
  | { readonly kind: 'robot'; readonly argv: readonly string[] }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'remote'; readonly address: string; readonly via: string | null }
  | { readonly kind: 'discard' }

export interface ReportedStep {
  /** Number of the step, and of the one it followed from (0 = the recipient itself). */
  readonly id: number
  readonly parent: number
  readonly step: StepName
  readonly input: string
  readonly rule: string
  readonly at: string | null
  readonly output: readonly string[]
}

/** The JSON of `dmail route`; other people's scripts read it. */
export interface RouteReport {
  readonly address: string
  readonly accepted: boolean
  readonly reply: { readonly code: number; readonly enhanced: string; readonly text: string }
  readonly destinations: readonly ReportedDestination[]
  readonly trace: readonly ReportedStep[]
}

export function routeReport(text: string, route: Route): RouteReport {
  return {
    address: route.address?.text ?? text,
    accepted: route.accepted,
    reply: route.reply,
    destinations: route.destinations.map(({ destination }) => reportDestination(destination)),
    trace: route.trace.map(({ id, parent, step, input, rule, at, output }) => ({
      id,
      parent: parent?.id ?? 0,
      step,
      input,
      rule,
      at: at ?? null,
      output,
    })),
  }
}

/** A decision as it is shown, in plain data: its report, and what it takes to draw the tree. */
export interface TracedRoute {
  readonly report: RouteReport
  /** For each destination the id of the step that named it; 0: none did. */
  readonly under: readonly number[]
  /** For the operator: why it could not be decided. */
  readonly detail?: string
}

export function tracedRoute(text: string, route: Route): TracedRoute {
  return {
    report: routeReport(text, route),
    under: route.destinations.map(({ step }) => step?.id ?? 0),
    ...(route.accepted || route.detail === undefined ? {} : { detail: route.detail }),
  }
}

/** One word or two on a destination, for traces and logs. */
export function describe(destination: ReportedDestination): string {
  switch (destination.kind) {
    case 'mailbox':
      return `mailbox ${destination.user} (${destination.path})`
    case 'robot':
      return `robot ${destination.argv.join(' ')}`
    case 'file':
      return `file ${destination.path}`
    case 'remote': {
      const { via, address } = destination
      return via === null ? `remote ${address}` : `remote ${address} via ${via}`
    }
    case 'discard':
      return 'discard'
  }
}

export function reportDestination(destination: Destination): ReportedDestination {
  switch (destination.kind) {
    case 'mailbox':
      return { kind: 'mailbox', user: destination.user, path: destination.path }
    case 'robot':
      return { kind: 'robot', argv: destination.argv }
    case 'file':
      return { kind: 'file', path: destination.path }
    case 'remote': {
      const { address, via } = destination
      return {
        kind: 'remote',
        address: address.text,
        via: via === undefined ? null : `${formatHost(via.host)}:${via.port}`,
      }
    }
    case 'discard':
      return { kind: 'discard' }
  }
}
