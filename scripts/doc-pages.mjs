// The pages of docs/: docs/settings.md and the marked blocks of the others, made of the tables the server itself reads, the definitions of
// the commands and the table of replies.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { commandsTable, commandText } from './command-tables.mjs'
import { repliesTable } from './reply-tables.mjs'
import { iniPage, iniTable, settingsPage, settingsTable } from './settings-tables.mjs'

const OVERVIEW = 'settings.md'
// `<!-- settings: host_domain vdomain -->`, or keys of dmail.ini as `drop.mbox`, or a whole section as `drop.*`.
const BLOCK = /<!-- settings:([^>]*)-->\n(?:[\s\S]*?)<!-- \/settings -->/g

// `<!-- command: queue list -->`, and `<!-- commands -->` for a table of all.
const COMMANDS = /<!-- command(?:s|: ([a-z -]+?)) -->\n(?:[\s\S]*?)<!-- \/command -->/g

// `<!-- replies: unknownUser loop -->`, names of lib/reply.ts.
const REPLIES = /<!-- replies:([^>]*)-->\n(?:[\s\S]*?)<!-- \/replies -->/g

/**
 * Writes the pages below `docs` that are out of date, or with `check` only names them. Returns what is wrong, line by line. `commands` are
 * those of commandsByName, `replies` the names, their texts and what there is to say to each.
 */
export function fillPages(docs, { settings, keys, commands, replies }, check) {
  const covered = new Set()
  const explained = new Set()
  const answered = new Set()
  const errors = []
  const pages = new Map([[OVERVIEW, settingsPage(settings) + iniPage(keys)]])
  for (const name of readdirSync(docs).filter((name) => name.endsWith('.md') && name !== OVERVIEW)) {
    const text = readFileSync(path.join(docs, name), 'utf8')
    pages.set(name, fillReplies(name, fillCommands(name, fillBlocks(name, text))))
  }
  for (const name of [
    ...settings.filter(({ handled }) => handled === 'suite').map(({ name }) => name),
    ...keys.map(idOf),
  ]) {
    if (!covered.has(name)) errors.push(`no page of docs/ has ${name} in a <!-- settings: --> block`)
  }
  for (const name of commands.keys()) {
    if (!explained.has(name)) errors.push(`no page of docs/ has a <!-- command: ${name} --> block`)
  }
  for (const name of replies.names) {
    if (!answered.has(name)) errors.push(`no page of docs/ has ${name} in a <!-- replies: --> block`)
  }
  for (const [name, text] of [...pages].filter(([name, text]) => textOf(path.join(docs, name)) !== text)) {
    if (check) errors.push(`docs/${name} is out of date: run "npm run docs"`)
    else writeFileSync(path.join(docs, name), text)
  }
  return errors

  /** Whether each block that is opened ends. */
  function areClosed(page, text, opening, blocks, fault) {
    const all = [...text.matchAll(opening)].length === [...text.matchAll(blocks)].length
    if (!all) errors.push(`docs/${page}: a ${fault}`)
    return all
  }

  function fillBlocks(page, text) {
    if (!areClosed(page, text, /<!-- settings:/g, BLOCK, '<!-- settings: --> block has no <!-- /settings -->'))
      return text
    return text.replace(BLOCK, (_all, list) => {
      const names = list.trim().split(/\s+/)
      const rows = names.filter((name) => !name.includes('.')).flatMap((name) => settingNamed(page, name))
      const iniRows = names.filter((name) => name.includes('.')).flatMap((name) => keysNamed(page, name))
      for (const name of [...rows.map(({ name }) => name), ...iniRows.map(idOf)]) covered.add(name)
      const tables = [
        rows.length > 0 ? settingsTable('`dmail.conf`', rows) : '',
        iniRows.length > 0 ? iniTable('`dmail.ini`', iniRows) : '',
      ]
      const body = tables.filter((table) => table !== '').join('\n')
      return `<!-- settings: ${names.join(' ')} -->\n\n${body}\n<!-- /settings -->`
    })
  }

  function fillCommands(page, text) {
    if (!areClosed(page, text, /<!-- commands?[: ]/g, COMMANDS, '<!-- command --> block has no <!-- /command -->'))
      return text
    return text.replace(COMMANDS, (all, name) => {
      if (name === undefined) return `<!-- commands -->\n\n${commandsTable(commands)}\n<!-- /command -->`
      const command = commands.get(name)
      if (command === undefined) {
        errors.push(`docs/${page}: there is no command ${name}`)
        return all
      }
      explained.add(name)
      return `<!-- command: ${name} -->\n\n${commandText(name, command)}\n<!-- /command -->`
    })
  }

  function fillReplies(page, text) {
    if (!areClosed(page, text, /<!-- replies:/g, REPLIES, '<!-- replies: --> block has no <!-- /replies -->'))
      return text
    return text.replace(REPLIES, (_all, list) => {
      const names = list.trim().split(/\s+/)
      const known = names.filter((name) => replies.names.includes(name))
      for (const name of names) {
        if (known.includes(name)) answered.add(name)
        else errors.push(`docs/${page}: there is no reply ${name}`)
      }
      // The compiler asks for these, where it is asked.
      for (const name of known.filter((name) => replies.help[name] === undefined)) {
        errors.push(`lib/reply-help.ts has nothing to say to ${name}`)
      }
      const rows = known.filter((name) => replies.help[name] !== undefined)
      return `<!-- replies: ${names.join(' ')} -->\n\n${repliesTable(rows, replies)}\n<!-- /replies -->`
    })
  }

  function settingNamed(page, name) {
    const found = settings.filter((row) => row.name === name)
    if (found.length === 0) errors.push(`docs/${page}: there is no setting ${name}`)
    return found
  }

  function keysNamed(page, name) {
    const found = keys.filter((row) => idOf(row) === name || `${row.section}.*` === name)
    if (found.length === 0) errors.push(`docs/${page}: dmail.ini has no ${name}`)
    return found
  }
}

function idOf({ section, key }) {
  return `${section}.${key}`
}

function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
