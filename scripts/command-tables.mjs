// The Markdown of the commands, from their definitions; settings-docs.mjs puts it into the pages.
import { code, escaped, table } from './settings-tables.mjs'

/** Every command by its words: `check`, `queue list`. */
export function commandsByName(program) {
  const found = new Map()
  const visit = (command, words) => {
    for (const child of command.commands.filter((each) => each.name() !== 'help')) {
      const name = [...words, child.name()]
      found.set(name.join(' '), child)
      visit(child, name)
    }
  }
  visit(program, [])
  return found
}

/** All commands, with what each does. */
export function commandsTable(commands) {
  return table(
    ['command', 'does'],
    [...commands].map(([name, command]) => [code(`dmail ${name}${argumentsOf(command)}`), escaped(command.summary())]),
  )
}

/** What one command is for and takes. */
export function commandText(name, command) {
  const takes = [
    ...command.registeredArguments.map((argument) => [
      code(argument.name().toUpperCase()),
      escaped(argument.description),
    ]),
    ...command.options.map((option) => [optionName(option), `${escaped(option.description)}${usual(option)}`]),
  ]
  const usage = `    dmail ${name}${argumentsOf(command)}\n\n${escaped(command.description())}\n`
  return takes.length === 0 ? usage : `${usage}\n${table(['', 'means'], takes)}`
}

function argumentsOf(command) {
  return command.registeredArguments
    .map((argument) => {
      const name = `${argument.name().toUpperCase()}${argument.variadic ? '...' : ''}`
      return argument.required ? ` ${name}` : ` [${name}]`
    })
    .join('')
}

/** `-c`, `--config DIR` */
function optionName({ flags }) {
  return flags
    .split(', ')
    .map((flag) => code(flag.replace(/[<[](\S+)[>\]]$/, (_all, name) => name.toUpperCase())))
    .join(', ')
}

function usual({ defaultValue, negate }) {
  return negate || defaultValue === undefined || defaultValue === false || String(defaultValue) === ''
    ? ''
    : `; ${code(String(defaultValue))} if not given`
}
