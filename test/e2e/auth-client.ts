import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectSocket, type Socket } from 'node:net'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import { packageRoot } from '../support/install.js'
import type { HarakaVersion } from '../support/haraka.js'
import { readLines } from '../support/lines.js'
import { within } from '../support/wait.js'

/** The one address that may say where it comes from; from others Haraka waits for no PROXY line. */
const PROXY = '127.0.0.77'

/** connection.ini of Haraka with which a client of these tests may come from anywhere, by the PROXY protocol. */
export function proxyIni(version: HarakaVersion): string {
  const file = path.join(packageRoot(), 'node_modules', `haraka-${version}`, 'config/connection.ini')
  return readFileSync(file, 'utf8').replace(/^hosts\[\] =$/m, `hosts[] = ${PROXY}`)
}

export interface RawClient {
  /** The lines of the reply, with their code. */
  command(line: string): Promise<string[]>
  /** STARTTLS; what comes then is said over TLS. */
  secure(): Promise<RawClient>
  close(): void
}

/** A client that Haraka takes for one at `ip`, which connected to `localIp`. */
export async function clientFrom(port: number, ip: string, localIp = '192.0.2.1'): Promise<RawClient> {
  const socket = connectSocket({ port, host: '127.0.0.1', localAddress: PROXY })
  const client = talkOver(socket)
  await client.command(`PROXY TCP4 ${ip} ${localIp} 1234 25`)
  return client
}

function talkOver(socket: Socket): RawClient {
  const reader = readLines(socket)
  async function command(line: string): Promise<string[]> {
    socket.write(`${line}\r\n`)
    const lines: string[] = []
    for (;;) {
      const got = await within(reader.next(), { otherwise: () => `no reply to ${line}` })
      if (got === undefined) throw new Error(`closed instead of a reply to ${line}`)
      lines.push(got)
      if (got[3] !== '-') return lines
    }
  }
  return {
    command,
    secure: async () => {
      await command('STARTTLS')
      socket.removeAllListeners('data')
      const tls = connectTls({ socket, rejectUnauthorized: false })
      await within(once(tls, 'secureConnect'), { otherwise: () => 'TLS did not begin' })
      return talkOver(tls)
    },
    close: () => {
      socket.destroy()
    },
  }
}
