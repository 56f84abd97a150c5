import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { codes, makeSite, queueIsEmpty, RELAYING, session, siteConf, siteIni, startSite, users } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { startPostfix, withoutPostfix, type Postfix } from '../support/postfix.js'
import { send, type Reply } from '../support/smtp.js'
import { idsIn, postfixIsIdle } from './postfix-mail.js'

const COUNT = 12
const [ANNA, OTTO] = ['anna@customer.example', 'otto@customer.example']
const BRANCH = 'anna@branch.example'
const NEIGHBOUR = 'anna@neighbour.example'

/** Mail for customer.example waits for ETRN, that for branch.example is tried every two hours, both are on Postfix. */
describe('Postfix as a dial-up customer', { skip: withoutPostfix() }, () => {
  for (const version of HARAKA_VERSIONS) {
    describe(`of Haraka ${version}`, () => {
      let postfix: Postfix
      let haraka: Haraka
      before(async () => {
        postfix = await startPostfix({ mailboxes: [ANNA, OTTO, BRANCH, NEIGHBOUR] })
        // Its port is known now.
        await postfix.stop()
        const site = makeSite()
        site.write('users.txt', users('bob', 'fred'))
        const domains = ['customer.example', 'branch.example', 'neighbour.example']
        haraka = await startSite(
          version,
          siteConf(site, [
            ...domains.map((domain) => `gateway ${domain} 127.0.0.1:${postfix.port}`),
            `relay_to ${domains.join(',')}`,
            'suspend_domain customer.example',
          ]),
          { config: { 'dmail.ini': siteIni('[etrn]\nrate=off\n') }, ...(version === '3.3' ? { nodes: 3 } : {}) },
        )
      })
      after(async () => {
        await haraka.stop()
        await postfix.stop()
      })

      /** By a stranger, whom relay_to lets send to these domains only. */
      const submit = async (id: string, ...to: readonly string[]): Promise<void> => {
        const message = `From: ann@example.com\nSubject: ${id}\nMessage-ID: <${id}>\n\nAt noon?\n`
        const { final } = await send(haraka.port, { from: 'ann@example.com', to, message })
        assert.equal(codes(final), '250 2.0.0', final.text)
      }
      const etrn = (domain: string): Promise<Reply> =>
        session(haraka.port, { localAddress: RELAYING }, (client) => client.command(`ETRN ${domain}`))
      const waiting = (failures: number): number =>
        haraka.queueFiles().filter((name) => name.split('_')[2] === String(failures)).length
      const idsOf = (prefix: string): string[] =>
        Array.from({ length: COUNT }, (_, at) => `${prefix}.${at}@example.com`).sort()
      const settle = async (): Promise<void> => {
        await queueIsEmpty(haraka)
        await postfixIsIdle(postfix)
      }

      it('mail for it is taken in while it is off', async () => {
        for (const id of idsOf('both')) await submit(id, ANNA, OTTO, BRANCH)
        for (const id of idsOf('one')) await submit(id, ANNA)
        // One file for each domain of a message: those of branch.example fail, the suspended ones are not tried.
        await haraka.waitFor(() => waiting(1) === COUNT, { watch: 'queue' })
        assert.equal(waiting(0), 2 * COUNT)
      })

      it('an ETRN before it answers loses nothing', async () => {
        const { code, text } = await etrn('customer.example')
        assert.match(`${code} ${text}`, new RegExp(`^253 ${2 * COUNT} pending messages for node customer\\.example`))
        await haraka.waitFor(() => waiting(1) === 3 * COUNT, { watch: 'queue' })
      })

      it('what waits for it does not come by itself when it is there', async () => {
        postfix.start()
        await submit('now@example.com', NEIGHBOUR)
        await haraka.waitFor(() => idsIn(postfix, NEIGHBOUR).length === 1)
        await postfixIsIdle(postfix)
        assert.deepEqual(
          [ANNA, OTTO, BRANCH].flatMap((address) => idsIn(postfix, address)),
          [],
        )
      })

      it('an ETRN brings all mail for its domain, each message once, and none for another', async () => {
        const { code, text } = await etrn('customer.example')
        assert.match(`${code} ${text}`, new RegExp(`^253 ${2 * COUNT} pending messages for node customer\\.example`))
        await haraka.waitFor(() => haraka.queueFiles().length === COUNT, { watch: 'queue' })
        await postfixIsIdle(postfix)
        assert.deepEqual(idsIn(postfix, ANNA), [...idsOf('both'), ...idsOf('one')].sort())
        assert.deepEqual(idsIn(postfix, OTTO), idsOf('both'))
        assert.deepEqual(idsIn(postfix, BRANCH), [])
      })

      it('so it does for a domain whose mail is tried now and then', async () => {
        const { code, text } = await etrn('branch.example')
        assert.match(`${code} ${text}`, new RegExp(`^253 ${COUNT} pending messages for node branch\\.example`))
        await settle()
        assert.deepEqual(idsIn(postfix, BRANCH), idsOf('both'))
      })

      it('the next ETRN finds nothing and brings nothing', async () => {
        for (const domain of ['customer.example', 'branch.example']) assert.equal((await etrn(domain)).code, 251)
        await submit('marker@example.com', NEIGHBOUR)
        await settle()
        assert.deepEqual(idsIn(postfix, NEIGHBOUR), ['marker@example.com', 'now@example.com'])
        assert.equal([ANNA, OTTO, BRANCH].flatMap((address) => idsIn(postfix, address)).length, 4 * COUNT)
      })
    })
  }
})
