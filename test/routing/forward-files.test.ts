import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { isBelow } from '../../lib/routing/forward-file.js'
import {
  discard,
  file,
  given,
  mailbox,
  people,
  remote,
  robot,
  table,
  withSite,
  type Row,
  type Site,
} from './support.js'

/** Users bob, fred and john; bob's forward file holds this. */
function bobSays(text: string, site: Site = {}): Row {
  const users = { ...people('bob', 'fred', 'john'), ...site.people }
  return given({ ...site, people: users, files: { 'in/bob.fwd': text, ...site.files } }).route('bob@domain1.com')
}

table('R12: what a forward file may hold', {
  'one destination a line': bobSays('fred\njohn@domain2.com\n').goesTo(mailbox('fred'), remote('john@domain2.com')),
  'several in a line, with commas': bobSays('fred, john@domain2.com').goesTo(
    mailbox('fred'),
    remote('john@domain2.com'),
  ),
  'CRLF line ends': bobSays('fred\r\njohn\r\n').goesTo(mailbox('fred'), mailbox('john')),
  'comments and blank lines': bobSays('# fred\n\n   \n  # john\nfred').goesTo(mailbox('fred')),
  'nothing: normal delivery': bobSays('').goesTo(mailbox('bob')),
  'comments only: normal delivery': bobSays('# on holiday\n').goesTo(mailbox('bob')),
  'nothing that can be read: normal delivery, with a warning': bobSays('fred@@domain2.com\n')
    .goesTo(mailbox('bob'))
    .leavesOut('{dir}/in/bob.fwd')
    .tells('user', 'left-out {dir}/in/bob.fwd:1'),
  'a line that cannot be read beside one that can': bobSays('fred@@domain2.com\njohn')
    .goesTo(mailbox('john'))
    .tells('left-out {dir}/in/bob.fwd:1', 'forward-file {dir}/in/bob.fwd:2'),
  '$user is the mailbox': bobSays('$user, fred').goesTo(mailbox('bob'), mailbox('fred')),
  '\\user is the mailbox': bobSays('\\bob\nfred').goesTo(mailbox('bob'), mailbox('fred')),
  'the own address is the mailbox': bobSays('BOB@domain1.com\nfred').goesTo(mailbox('bob'), mailbox('fred')),
  'the own name is the mailbox': bobSays('bob\nfred').goesTo(mailbox('bob'), mailbox('fred')),
  'the mailbox named in all ways is one delivery': bobSays('$user\n\\bob\nbob\nbob@domain1.com').goesTo(mailbox('bob')),
  '\\fred is his mailbox, whatever redirections he has': bobSays('\\fred', {
    conf: 'forward fred@domain1.com x@domain2.com',
    people: { fred: { fwd: 'y@domain2.com' } },
    files: { 'in/fred.fwd': 'z@domain2.com' },
  }).goesTo(mailbox('fred')),
  'fred meets his redirections': bobSays('fred', { people: { fred: { fwd: 'y@domain2.com' } } }).goesTo(
    remote('y@domain2.com'),
  ),
  '\\nobody is left out': bobSays('\\nobody, fred').goesTo(mailbox('fred')).leavesOut('\\nobody'),
  'only people that do not exist: refused (R22)': bobSays('nobody\n').isRefused(550, '5.1.1'),
  'a thousand destinations are used, no more': bobSays(
    Array.from({ length: 1001 }, (_, at) => `u${at}@domain2.com\n`).join(''),
  )
    .goesTo(...Array.from({ length: 1000 }, (_, at) => remote(`u${at}@domain2.com`)))
    .tells('left-out {dir}/in/bob.fwd:1001'),
})

describe('R13: a forward file that is not trusted', () => {
  it('is as good as none, with a warning', async () => {
    const site = { people: people('bob'), files: { 'in/bob.fwd': 'fred@domain2.com' } }
    await withSite(site, async ({ dir, report }) => {
      await chmod(path.join(dir, 'in/bob.fwd'), 0o666)
      const { destinations, trace } = await report('bob@domain1.com')
      assert.deepEqual(destinations, [mailbox('bob')])
      const [warning] = trace.filter(({ step }) => step === 'left-out')
      assert.equal(warning?.input, '{dir}/in/bob.fwd')
      assert.match(warning.rule, /others than its owner can write/)
    })
  })
})

table('R14: no fall-back', {
  'a home without .forward does not lead to .fwd': given({
    conf: 'authent_method unix_user',
    people: { bob: { home: 'home/bob' } },
    files: { 'in/bob.fwd': 'fred@domain2.com' },
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
})

const ROOTS = '[robot]\nuser_roots = {dir}/robots\n[file]\nuser_roots = {dir}/files'

table("R16: programs and files in users' own files", {
  'a robot is refused by default': bobSays('|{dir}/robots/drespond\nfred').goesTo(mailbox('fred')),
  'a file is refused by default': bobSays('{dir}/files/log\nfred').goesTo(mailbox('fred')),
  'nothing else in the file: normal delivery': bobSays('|{dir}/robots/drespond\n')
    .goesTo(mailbox('bob'))
    .leavesOut('|{dir}/robots/drespond'),
  'a robot below a root is allowed': bobSays('"|{dir}/robots/drespond -d 1"', { ini: ROOTS }).goesTo(
    robot('{dir}/robots/drespond', '-d', '1'),
  ),
  'a file below a root is allowed': bobSays('{dir}/files/x/log', { ini: ROOTS }).goesTo(file('{dir}/files/x/log')),
  'the roots of files are not those of robots': bobSays('|{dir}/files/drespond\nfred', { ini: ROOTS }).goesTo(
    mailbox('fred'),
  ),
  'the way out of a root is none': bobSays('|{dir}/robots/../evil\n{dir}/files/../../evil\nfred', {
    ini: ROOTS,
  }).goesTo(mailbox('fred')),
  'a folder beside a root is not below it': bobSays('|{dir}/robots2/evil\nfred', { ini: ROOTS }).goesTo(
    mailbox('fred'),
  ),
  'the root itself is no program': bobSays('|{dir}/robots\nfred', { ini: ROOTS }).goesTo(mailbox('fred')),
  'a bare name is below no root': bobSays('|drespond\nfred', { ini: ROOTS })
    .goesTo(mailbox('fred'))
    .leavesOut('|drespond'),
  'mail may always be thrown away': bobSays('/dev/null').goesTo(discard),
  "the operator's alias may name anything": given({
    conf: 'alias_file {dir}/config/aliases.txt',
    files: { 'config/aliases.txt': 'sales: |{dir}/x/y, {dir}/elsewhere, "|drespond -x"' },
  })
    .route('sales@domain1.com')
    .goesTo(robot('{dir}/x/y'), file('{dir}/elsewhere'), robot('drespond', '-x')),
  "so may the module's fwd field": given({ people: { bob: { fwd: '|{dir}/x/y' } } })
    .route('bob@domain1.com')
    .goesTo(robot('{dir}/x/y')),
})

function forward(destination: string): Row {
  return given({ conf: `forward bob@domain1.com ${destination}` }).route('bob@domain1.com')
}

table('R17: file destinations', {
  'a full path': forward('{dir}/archive').goesTo(file('{dir}/archive')),
  'a Windows path, mapped (C10)': forward('c:\\dmail\\in\\archive').goesTo(file('{dir}/dmail/in/archive')),
  '/dev/null discards': forward('/dev/null').goesTo(discard),
  '/dev/nul discards': forward('/dev/nul').goesTo(discard),
  'NUL discards, in any case': forward('nul').goesTo(discard),
  'in a forward file a relative path is none': bobSays('mail/archive\nfred', { ini: ROOTS }).goesTo(mailbox('fred')),
})

describe('R16: below a folder', () => {
  it('is a full path with that folder in front', () => {
    assert.equal(isBelow('/srv/robots/a/b', ['/srv/files', '/srv/robots']), true)
    assert.equal(isBelow('/srv/robots/..a', ['/srv/robots']), true)
    for (const file of ['/srv/robots', '/srv', '/srv/robots2/x', '/srv/robots/../x']) {
      assert.equal(isBelow(file, ['/srv/robots']), false, file)
    }
    assert.equal(isBelow('/srv/robots/x', []), false)
  })

  it('is no bare name, wherever this process happens to be', () => {
    assert.equal(isBelow('drespond', [process.cwd(), path.dirname(process.cwd())]), false)
  })
})
