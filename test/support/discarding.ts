import type { HarakaOptions, HarakaVersion } from './haraka-dir.js'

/** A Haraka of core's own plugins that accepts mail for domain1.com and throws it away. */
export function discarding(version: HarakaVersion, more: Partial<HarakaOptions> = {}): HarakaOptions {
  return {
    version,
    plugins: ['rcpt_to.in_host_list', 'queue/discard'],
    ...more,
    // Without it the plugin discards only what another plugin has marked.
    env: { YES_REALLY_DO_DISCARD: '1' },
    config: { host_list: 'domain1.com\n', ...more.config },
  }
}
