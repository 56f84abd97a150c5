import { readDomain } from '../conf/value-mail.js'
import { parseHostPort } from '../conf/value-domain.js'
import type { HostPort } from '../conf/value.js'
import { askProvider, type Asked } from '../etrn/client.js'
import { readHello } from '../smtp/hello.js'
import { targetText } from '../etrn/settings.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

export interface EtrnRemoteOptions {
  readonly config: string
  readonly json: boolean
  /** `host`, `host:port`, `[IPv6 address]:port`. */
  readonly remote: string
}

/**
 * `dmail etrn --remote HOST[:PORT] DOMAIN...`: asks a provider for mail by hand; no server of ours is needed. Exit 1 when a
 * domain was refused, 75 when there was nobody to talk to.
 */
export async function etrnRemoteCommand(
  domains: readonly string[],
  { config, json, remote }: EtrnRemoteOptions,
  terminal: Terminal,
): Promise<Exit> {
  const target = parseHostPort(remote, { name: '--remote', mapPath: (path) => ({ ok: true, path }) })
  if (!target.ok) return misuse(terminal, `--remote: ${target.message}`, target.hint)
  const nodes: string[] = []
  for (const written of domains) {
    const node = readNode(written)
    if (node === undefined) return misuse(terminal, `"${written}" is not a domain`, 'write domain1.com or @domain1.com')
    if (!nodes.includes(node)) nodes.push(node)
  }
  const asked = await askProvider(target.value, nodes, { hello: await readHello(config) })
  if (json) printJson(terminal, report(target.value, asked))
  else print(target.value, asked, terminal)
  if (!asked.reached) return EXIT.unreachable
  return asked.replies.every(({ ok }) => ok) ? EXIT.done : EXIT.problems
}

/** Q4: `domain` or `@domain`, folded. */
function readNode(text: string): string | undefined {
  const below = text.startsWith('@')
  // IDNA takes some of them away.
  if (/[\s\p{Cc}]/u.test(text)) return undefined
  const domain = readDomain(below ? text.slice(1) : text)
  return domain === undefined ? undefined : `${below ? '@' : ''}${domain}`
}

function misuse({ err }: Terminal, message: string, hint: string): Exit {
  err.write(`dmail: ${message} (${hint})\n`)
  return EXIT.usage
}

function report({ host, port }: HostPort, { reached, security, trouble, replies }: Asked): unknown {
  return {
    host,
    port,
    reached,
    security,
    error: trouble ?? null,
    replies: replies.map(({ domain, ok, code, text }) => ({ domain, accepted: ok, code: code ?? null, text })),
  }
}

function print(target: HostPort, { reached, security, trouble, replies }: Asked, terminal: Terminal): void {
  const { out, err } = terminal
  const paint = painter(terminal)
  if (!reached) {
    err.write(`dmail: ${targetText(target)} is not reachable: ${trouble ?? 'no answer'}\n`)
    return
  }
  out.write(`${paint('bold', targetText(target))} ${paint('dim', security)}\n`)
  const width = Math.max(...replies.map(({ domain }) => domain.length))
  for (const { domain, ok, text } of replies) {
    out.write(`${domain.padEnd(width)}  ${paint(ok ? 'green' : 'red', text)}\n`)
  }
}
