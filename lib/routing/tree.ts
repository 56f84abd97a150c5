import type { ReportedDestination, ReportedStep, TracedRoute } from './report.js'

/** A rule that fired, with what came of it below; or a destination. */
export type Branch =
  | { readonly kind: 'step'; readonly step: ReportedStep; readonly below: readonly Branch[] }
  | { readonly kind: 'destination'; readonly destination: ReportedDestination }

/** The rules of a decision as a tree, the destinations under the rules that named them. `parent`: the id of a step. */
export function treeOf(traced: TracedRoute, parent = 0): Branch[] {
  const { report, under } = traced
  const steps = report.trace.filter((step) => step.parent === parent && step.step !== 'refused')
  return [
    ...steps.map((step): Branch => ({ kind: 'step', step, below: treeOf(traced, step.id) })),
    ...report.destinations
      .filter((_destination, index) => under[index] === parent)
      .map((destination): Branch => ({ kind: 'destination', destination })),
  ]
}

/** The rule without the name of its step, with which some begin, as in dmail.conf. */
export function ruleOf({ step, rule }: ReportedStep): string {
  return rule.startsWith(`${step} `) || rule.startsWith(`${step}=`) ? rule.slice(step.length) : ` ${rule}`
}
