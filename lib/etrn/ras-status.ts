/** How asking the provider for mail (ras_timer) goes, for operators. Plain data. */
export interface RasStatus {
  readonly host: string
  readonly everyMinutes: number
  readonly nextMs: number
  readonly last?: {
    readonly atMs: number
    readonly ok: boolean
    /** One line per domain: the provider's reply, or what went wrong. */
    readonly replies: readonly { readonly domain: string; readonly ok: boolean; readonly text: string }[]
  }
}
