import { foldLocal } from '../lib/address.js'
import { answerCommand, readInfo } from './answer.js'
import { readPassword } from './read-password.js'
import { Refused, Unable, type UserChange, type UserSource } from './source.js'

/** Exit status: done, refused, wrong use, the files cannot be read or written now. */
const DONE = 0
const REFUSED = 1
const WRONG_USE = 2
const NOT_NOW = 75

export const COMMANDS_USAGE = [
  '  add USER [LABEL="VALUE" ...]   a new user; the password is read from stdin',
  '  set USER [LABEL="VALUE" ...]   another password, from stdin, where an empty line keeps it; fields replace all there were',
  '  delete USER',
  '  search TEXT [-from N] [-max M]',
  '  check USER                     the password is read from stdin',
].join('\n')

/** Carries out a command of the command line; the answer goes to stdout, complaints to stderr. Gives the exit status. */
export async function runFileCommand(
  [command = '', ...args]: readonly string[],
  source: UserSource,
  valid: (name: string) => boolean,
): Promise<number> {
  try {
    switch (command.toLowerCase()) {
      case 'add':
      case 'set':
        return await change(source, command.toLowerCase() === 'add' ? 'add' : 'change', args, valid)
      case 'del':
      case 'delete':
        return await ask(`del ${oneName(args, valid)}`, source)
      case 'search':
        return await ask(`search ${args.join(' ')}`, source)
      case 'check':
        return await check(source, args, valid)
      default:
        throw new WrongUse(`${command} is not a command`)
    }
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unable || error instanceof WrongUse)) throw error
    process.stderr.write(`${error.message}\n`)
    return error instanceof Refused ? REFUSED : error instanceof Unable ? NOT_NOW : WRONG_USE
  }
}

class WrongUse extends Error {}

async function change(
  source: UserSource,
  mode: 'add' | 'change',
  [name = '', ...info]: readonly string[],
  valid: (name: string) => boolean,
): Promise<number> {
  const user = oneName([name], valid)
  if (source.set === undefined) throw new Refused('-readonly: nothing is changed')
  const fields = info.length === 0 ? undefined : readInfo(info.join(' '))
  const given = await readPassword()
  if (given === '' && mode === 'add') throw new Refused('a new user needs a password on stdin')
  // The check command has no quotes.
  if (/[\s\p{Cc}]/u.test(given)) throw new Refused('a password has no blanks: the protocol cannot say them')
  if (given === '' && fields === undefined) throw new Refused('neither a password nor fields: nothing to change')
  const changes: UserChange = { password: given === '' ? undefined : given, fields }
  const done = await source.set(user, changes, mode)
  process.stdout.write(`${foldLocal(user)} ${done}\n`)
  return DONE
}

async function check(source: UserSource, args: readonly string[], valid: (name: string) => boolean): Promise<number> {
  const name = oneName(args, valid)
  const user = await source.check(name, await readPassword())
  process.stdout.write(user === undefined ? 'wrong password, or no such user\n' : 'right\n')
  return user === undefined ? REFUSED : DONE
}

/** A command of the line protocol, answered as there but for the marks. */
async function ask(line: string, source: UserSource): Promise<number> {
  const { lines } = await answerCommand(line, source)
  const last = lines.at(-1) ?? ''
  for (const each of lines.slice(0, -1)) process.stdout.write(`${each.replace(/^\+DATA /, '')}\n`)
  const text = last.replace(/^\S+ /, '')
  ;(last.startsWith('+OK') ? process.stdout : process.stderr).write(`${text}\n`)
  return last.startsWith('+OK') ? DONE : last.startsWith('-DEAD') ? NOT_NOW : REFUSED
}

function oneName(args: readonly string[], valid: (name: string) => boolean): string {
  const [name = '', ...rest] = args
  if (name === '' || rest.length > 0) throw new WrongUse('name one user')
  if (!valid(name)) throw new Refused(`${JSON.stringify(name)} cannot be a user name`)
  return name
}
