import { InvalidArgumentError, Option, type Command } from 'commander'
import { isNodeName } from '../cluster/names.js'

/** The options of every command that looks at a Haraka directory. */
export function common(command: Command): Command {
  return command
    .option('-c, --config <dir>', 'the Haraka directory', '.')
    .addOption(new Option('--json', 'print the result as JSON').default(false))
}

/** The options of commands that any node of a cluster may carry out. */
export function overNodes(command: Command): Command {
  return command
    .addOption(new Option('--node <name>', 'on this node of the cluster').argParser(nodeName))
    .addOption(new Option('--all', 'on all nodes of the cluster').default(false).conflicts('node'))
}

function nodeName(text: string): string {
  if (!isNodeName(text)) throw new InvalidArgumentError('It is not the name of a node.')
  return text
}
