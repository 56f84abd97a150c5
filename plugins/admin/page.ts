import { cont } from 'haraka-constants'
import { errorText } from '../../lib/error.js'
import type { Handlers } from '../../lib/control/handlers.js'
import type { Desk, Here } from '../../lib/page/desk.js'
import { createDoor } from '../../lib/page/door.js'
import { pageToken, TOKEN_FILE } from '../../lib/page/token-file.js'
import { traceRoute } from '../../lib/suite/trace.js'
import { findsExpress } from '../haraka/express.js'
import { describeError } from '../haraka/hook.js'
import type { HarakaPlugin, HarakaServer, Next } from '../haraka/types.js'
import type { Shared } from '../shared.js'
import { createDesk, listOldest } from './page-desk.js'
import { pageListener } from './page-http.js'
import { answerPages, pageNodes } from './page-nodes.js'
import { answerForPage, askDesk } from './page-questions.js'

/**
 * The HTTP page on Haraka's own server: in the processes that have one, with what the one process says. `alone`: the commands for this
 * node alone.
 */
export function attachPage(plugin: HarakaPlugin, shared: Shared, handlers: Handlers, alone: Handlers): void {
  const { crew, harakaDir, seat } = shared
  answerPages(seat, (filter) => listOldest(crew, filter))
  let desk: Desk | undefined
  answerForPage(crew, () => {
    desk ??= createDesk(crew, handlers, createDoor(pageToken(harakaDir)), pageNodes(seat, alone))
    return desk
  })

  plugin['dmail_page_init_master'] = (next: Next, server: HarakaServer): void => {
    const listen = server.http?.cfg?.listen
    if (listen !== undefined) announce(plugin, harakaDir, listen)
    next(cont)
  }
  plugin.register_hook('init_master', 'dmail_page_init_master')

  plugin['dmail_page_init_http'] = (next: Next, server: HarakaServer): void => {
    const complain = (error: unknown): void => {
      plugin.logerror(`dmail: page: ${describeError(error)}`)
    }
    server.http?.app?.use('/dmail', pageListener(askDesk(crew), here(shared), complain))
    next(cont)
  }
  plugin.register_hook('init_http', 'dmail_page_init_http')
}

/** Says at the start where the page is, or why there is none. */
function announce(plugin: HarakaPlugin, harakaDir: string, listen: string): void {
  if (!findsExpress()) {
    const remedy = `run "npm install express" in ${harakaDir} and restart Haraka`
    plugin.logerror(
      `dmail: there is no page: Haraka has no HTTP server without Express, which is not installed: ${remedy}`,
    )
    return
  }
  try {
    pageToken(harakaDir)
    plugin.lognotice(`dmail: the page is at /dmail/ of ${listen}, its token in ${TOKEN_FILE}`)
  } catch (error) {
    plugin.logerror(`dmail: ${errorText(error)}`)
  }
}

/** While there is no configuration nobody but this machine may look. */
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/i

function here({ live }: Pick<Shared, 'live'>): Here {
  return {
    allows: (ip) => live.loaded()?.pageFrom.matches(ip) ?? LOOPBACK.test(ip),
    problems: () => live.loaded()?.problems ?? [],
    trace: async (question) => traceRoute(await live.current(), question),
  }
}
