import type { RouteQuestion } from '../suite/question.js'
import { noAnswerLines } from '../text/nodes.js'
import { alikeHead, alikeLines, alikeNodes } from '../text/route-nodes.js'
import { printTree } from './route-tree.js'
import { complain, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

/**
 * `dmail route ADDRESS --all`: what each node decides, and where they differ. Exit 1 when the address is refused by one, they differ,
 * or a node did not answer.
 */
export function routeOnAll(question: RouteQuestion, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withServer(options, terminal, async (_ask, askAll) => {
    const found = await askAll('route', question)
    const groups = alikeNodes(found)
    const silent = noAnswerLines(found)
    if (options.json) {
      const nodes = found.nodes.map((one) => ('result' in one ? { node: one.node, result: one.result.report } : one))
      printJson(terminal, { ...found, nodes })
    } else {
      const paint = painter(terminal)
      for (const group of groups) {
        terminal.out.write(`${paint('bold', alikeHead(group))}\n`)
        printTree(group.traced, terminal)
        if (group.traced.detail !== undefined) complain(terminal, `${alikeHead(group)}: ${group.traced.detail}`)
        terminal.out.write('\n')
      }
      const colour = groups.length > 1 ? 'yellow' : 'dim'
      for (const line of alikeLines(groups)) terminal.out.write(`${paint(colour, line)}\n`)
      for (const line of silent) terminal.out.write(`${paint('red', line)}\n`)
    }
    const alike = groups.length === 1 && groups[0]?.traced.report.accepted === true
    return alike && silent.length === 0 ? EXIT.done : EXIT.problems
  })
}
