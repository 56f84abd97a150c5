import net from 'node:net'
import tls from 'node:tls'
import { Client } from 'ldapts'
import type { LdapSettings } from './ldap-settings.js'

/** A connection to the server, with TLS if the settings say so. */
export interface LdapConnection {
  readonly client: Client
  /** False from the moment the server or the network has ended it. */
  isOpen(): boolean
  close(): void
}

type ServerSettings = Pick<LdapSettings, 'url' | 'startTls' | 'tls' | 'connectTimeoutMs' | 'timeoutMs'>

/**
 * Connects, and binds as `dn` unless that is ''. The client library would open a lost connection again by itself, without TLS
 * and as nobody; so each client may connect once.
 */
export async function connectLdap(settings: ServerSettings, dn: string, password: string): Promise<LdapConnection> {
  let socket: net.Socket | undefined
  let open = true
  const only = <T extends net.Socket>(connect: () => T): T => {
    if (socket !== undefined) throw new Error('the connection to the LDAP server has ended')
    const connecting = connect()
    socket = connecting
    connecting.setKeepAlive(true)
    connecting.once('close', () => {
      open = false
    })
    return connecting
  }
  const secure = settings.url.startsWith('ldaps:')
  const client = new Client({
    url: settings.url,
    timeout: settings.timeoutMs,
    connectTimeout: settings.connectTimeoutMs,
    ...(secure
      ? {
          tlsOptions: settings.tls,
          createSecureConnection: ((port: number, host: string) =>
            only(() => tls.connect({ ...settings.tls, port, host }))) as typeof tls.connect,
        }
      : {
          createConnection: ((port: number, host: string) => only(() => net.connect(port, host))) as typeof net.connect,
        }),
  })
  // The library waits for the handshake of StartTLS without end.
  const late = setTimeout(() => socket?.destroy(new Error('no answer in time')), settings.connectTimeoutMs * 2)
  try {
    if (settings.startTls) await client.startTLS({ ...settings.tls })
    if (dn !== '') await client.bind(dn, password)
  } catch (error) {
    destroy(socket)
    throw error
  } finally {
    clearTimeout(late)
  }
  return {
    client,
    isOpen: () => open,
    close() {
      destroy(socket)
    },
  }
}

/** What still comes from it is nobody's error any more. */
function destroy(socket: net.Socket | undefined): void {
  socket?.on('error', () => undefined)
  socket?.destroy()
}
