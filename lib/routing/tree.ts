import type { Destination, Route, Step } from './types.js'

/** A rule that fired, with what came of it below; or a destination. */
export type Branch =
  | { readonly kind: 'step'; readonly step: Step; readonly below: readonly Branch[] }
  | { readonly kind: 'destination'; readonly destination: Destination }

/** The rules of a decision as a tree, the destinations under the rules that named them. */
export function treeOf(decided: Route, parent?: Step): Branch[] {
  const steps = decided.trace.filter((step) => step.parent === parent && step.step !== 'refused')
  return [
    ...steps.map((step): Branch => ({ kind: 'step', step, below: treeOf(decided, step) })),
    ...decided.destinations
      .filter((placed) => placed.step === parent)
      .map(({ destination }): Branch => ({ kind: 'destination', destination })),
  ]
}

/** The rule without the name of its step, with which some begin, as in dmail.conf. */
export function ruleOf({ step, rule }: Step): string {
  return rule.startsWith(`${step} `) || rule.startsWith(`${step}=`) ? rule.slice(step.length) : ` ${rule}`
}
