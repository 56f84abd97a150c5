import { callServer } from '../lib/control/client.js'
import { connect } from '../test/support/smtp.js'
import { FEW_DOMAIN } from './queue-files.js'
import type { QueueServer } from './queue-servers.js'

/** Something an operator or a customer asks for while mail is taken in. Resolves to what is wrong with the answer. */
export type Command = (server: QueueServer) => Promise<string | undefined>

/** What `dmail queue list domain=few.example` asks of the server. */
export function listFew(few: number): Command {
  return async ({ dir }) => {
    let rows = 0
    const { count, complete } = await callServer(
      dir,
      'queue.list',
      { filter: [`domain=${FEW_DOMAIN}`] },
      { item: () => rows++ },
    )
    if (!complete) return 'the list is not complete'
    return rows === few && count === few ? undefined : `${rows} rows, ${count} counted`
  }
}

/** ETRN by SMTP (RFC 1985); the connection is made once, its time does not count. */
export async function etrnFew(server: QueueServer, few: number): Promise<{ command: Command; end(): Promise<void> }> {
  const client = await connect(server.port)
  await client.ehlo()
  return {
    command: async () => {
      const { code, text } = await client.command(`ETRN ${FEW_DOMAIN}`)
      return code === 253 && text.startsWith(`${few} pending messages`) ? undefined : `${code} ${text}`
    },
    end: async () => {
      await client.quit()
    },
  }
}
