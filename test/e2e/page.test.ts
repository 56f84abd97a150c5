import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { callServer } from '../../lib/control/client.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import { readMetrics } from '../page/metrics-text.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { connect } from '../support/smtp.js'
import { eventually } from '../support/wait.js'
import { setupName, type Setup } from './control-site.js'
import { startPageSite, withoutExpress, type PageSite } from './page-site.js'
import { note, RELAYING } from './site.js'

const SETUPS: readonly Setup[] = [
  { version: '3.3', nodes: 3, processes: 3 },
  { version: '3.1', nodes: 0, processes: 1 },
]

for (const setup of SETUPS) {
  describe(`the page, ${setupName(setup)}`, { skip: withoutExpress() }, () => {
    let on: PageSite
    let nextHop: NextHop
    let cookie = ''
    before(async () => {
      nextHop = await startNextHop()
      on = await startPageSite(setup.version, {
        ...(setup.nodes === undefined ? {} : { nodes: setup.nodes }),
        lines: [`gateway *.example.com 127.0.0.1:${nextHop.port}`],
      })
      cookie = await on.logIn()
    })
    after(async () => {
      await on.haraka.stop()
      await nextHop.close()
    })

    async function submit(...recipients: readonly string[]): Promise<number[]> {
      const codes: number[] = []
      for (const to of recipients) {
        const client = await connect(on.haraka.port, { localAddress: RELAYING })
        await client.ehlo()
        await client.mail('fred@domain1.com')
        const { code } = await client.rcpt(to)
        codes.push(code === 250 ? (await client.data(note(to))).code : code)
        await client.quit()
      }
      return codes
    }

    async function list(): Promise<QueueRow[]> {
      const rows: QueueRow[] = []
      await callServer(on.haraka.dir, 'queue.list', { filter: [] }, { item: (row) => rows.push(row) })
      return rows
    }

    const read = async (path: string): Promise<string> => (await on.ask(path, { headers: { Cookie: cookie } })).body

    it('is for who has the token, which the account of the server alone can read', async () => {
      assert.match(on.haraka.log, /the page is at \/dmail\/ of 127\.0\.0\.1:\d+, its token in dmail-page\.token/)
      assert.equal(statSync(`${on.haraka.dir}/dmail-page.token`).mode & 0o777, 0o600)
      for (const path of ['', 'queue', 'live', 'message?id=x', 'route?address=bob@domain1.com']) {
        const { status, body } = await on.ask(`/dmail/${path}`)
        assert.equal(status, 401, path)
        assert.doesNotMatch(body, /off\.example\.com/)
      }
      const { status, headers } = await on.ask('/dmail/', { headers: { Cookie: cookie } })
      assert.equal(status, 200)
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal((await on.ask('/dmail/', { headers: { Cookie: 'dmail=9999999999999.x' } })).status, 401)
    })

    it('is one folder, whichever way it is asked for', async () => {
      const { status, headers } = await on.ask('/dmail')
      assert.deepEqual([status, headers['location']], [308, 'dmail/'])
      assert.equal((await on.ask('/dmail/nothing', { headers: { Cookie: cookie } })).status, 404)
    })

    it('does nothing by GET, and nothing for forms of others', async () => {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: cookie }
      const body = 'action=suspend&domain=other.example'
      const refused = [
        await on.ask(`/dmail/do?${body}`, { headers: { Cookie: cookie } }),
        await on.ask('/dmail/do', { method: 'POST', headers: { ...form, Origin: 'http://evil.example' }, body }),
        await on.ask('/dmail/do', { method: 'POST', headers: form, body }),
        await on.ask('/dmail/do', { method: 'POST', headers: { ...form, Origin: on.origin }, body }),
        await on.ask('/dmail/do', { method: 'POST', headers: { Cookie: cookie, Origin: on.origin }, body }),
        await on.act(cookie, { action: 'suspend', domain: 'other.example', reason: 'x'.repeat(20_000) }),
      ]
      assert.deepEqual(
        refused.map(({ status }) => status),
        [405, 403, 403, 403, 415, 413],
      )
      const { suspensions } = await callServer(on.haraka.dir, 'status', {})
      assert.deepEqual(
        suspensions.map(({ domain }) => domain),
        ['off.example.com'],
      )
    })

    it('suspends and resumes a domain in every process', async () => {
      assert.equal(
        (await on.act(cookie, { action: 'suspend', domain: 'on.example.com', reason: '<they> move' })).status,
        303,
      )
      const many = Array.from({ length: 9 }, (_, n) => `user${n}@on.example.com`)
      assert.ok((await submit(...many)).every((code) => code === 250))
      await eventually(async () => (await list()).filter(({ state }) => state === 'suspended').length === 9)
      const page = await read('/dmail/')
      assert.match(page, /an operator \(&lt;they&gt; move\)/)
      assert.match(page, /suspend on\.example\.com/)
      assert.equal((await on.act(cookie, { action: 'resume', domain: 'on.example.com' })).status, 303)
      await nextHop.waitForMessage(9)
      assert.match(await read('/dmail/'), /on\.example\.com resumed: mail whose time has come is tried now/)
    })

    it('holds, releases, sends and drops what it lists', async () => {
      await submit('a@off.example.com', 'b@off.example.com')
      await eventually(async () => (await list()).length === 2)
      await on.act(cookie, { action: 'hold', filter: 'to=a@*' })
      assert.match(await read('/dmail/queue?q=a%40off.example.com&in=to'), /<span class="state held">held<\/span>/)
      await on.act(cookie, { action: 'send', filter: 'domain=off.example.com' })
      await nextHop.waitForMessage(10)
      assert.match(await read('/dmail/queue'), /is held: release it first/)
      await on.act(cookie, { action: 'release', filter: 'to=a@*' })
      await eventually(async () => (await list()).every(({ state }) => state === 'suspended'))
      const [left] = await list()
      assert.match(await read(`/dmail/message?id=${left?.id ?? ''}`), /Subject: a@off\.example\.com/)
      const sure = await on.act(cookie, { action: 'drop', filter: left?.id ?? '' })
      assert.equal(sure.status, 200)
      assert.equal((await list()).length, 1)
      await on.act(cookie, { action: 'drop', filter: left?.id ?? '', sure: 'yes' })
      assert.deepEqual(await list(), [])
    })

    it('traces an address with the configuration in force', async () => {
      assert.match(await read('/dmail/route?address=bob@domain1.com'), /<strong>Accepted<\/strong> 250 2\.1\.5/)
      assert.match(await read('/dmail/route?address=nobody@domain1.com'), /<strong>Refused<\/strong> 550 5\.1\.1/)
      assert.match(await read('/dmail/route?address=x@other.example'), /550 5\.7\.1/)
      assert.match(await read('/dmail/route?address=x@other.example&trusted=on'), /→ remote x@other\.example/)
      assert.match(await read('/dmail/route?address=bob@domain1.com&ip=nonsense'), /nonsense is not an IP address/)
    })

    it('metrics: what came of the mail, over all processes, for who is here or has the token', async () => {
      assert.deepEqual(await submit('bob@domain1.com', 'nobody@domain1.com', 'fred@domain1.com'), [250, 550, 250])
      const metrics = async (): Promise<Record<string, number>> => {
        const { status, headers, body } = await on.ask('/dmail/metrics')
        assert.deepEqual([status, headers['content-type']], [200, 'text/plain; version=0.0.4; charset=utf-8'])
        return Object.fromEntries(
          readMetrics(body).map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value]),
        )
      }
      await eventually(async () => (await metrics())['dmail_deliveries_total'] === 12)
      const values = await metrics()
      assert.equal(values['dmail_workers'], setup.processes)
      assert.equal(values['dmail_rcpt_refusals_total unknownUser'], 1)
      assert.equal(values['dmail_failures_total'], 0)
      assert.equal(values['dmail_queue_messages suspended'], 0)
      assert.ok((values['dmail_lookups_total'] ?? 0) >= 3)
      const proxied = { 'X-Forwarded-For': '192.0.2.1' }
      assert.equal((await on.ask('/dmail/metrics', { headers: proxied })).status, 401)
      const bearer = { ...proxied, Authorization: `Bearer ${on.token()}` }
      assert.equal((await on.ask('/dmail/metrics', { headers: bearer })).status, 200)
    })

    it('counters do not go back when workers die', async () => {
      if (setup.nodes === 0) return
      const before = on.haraka.workers()
      on.haraka.kill('SIGKILL', 'workers')
      await on.haraka.waitFor(() => {
        const now = on.haraka.workers()
        return now.length === setup.processes && now.every((pid) => !before.includes(pid))
      })
      await eventually(async () => {
        const { body } = await on.ask('/dmail/metrics').catch(() => ({ body: '' }))
        const values = new Map(body === '' ? [] : readMetrics(body).map(({ name, value }) => [name, value]))
        if (values.get('dmail_workers') !== setup.processes || values.get('dmail_workers_missing') !== 0) return false
        assert.equal(values.get('dmail_deliveries_total'), 12)
        return true
      })
      assert.equal((await on.ask('/dmail/', { headers: { Cookie: cookie } })).status, 200, 'the session goes on')
    })

    it('a client outside page_from is told so', async () => {
      assert.equal((await on.ask('/dmail/', { localAddress: '127.0.0.9' })).status, 401)
      on.haraka.write('config/dmail.ini', `${on.haraka.read('config/dmail.ini')}[main]\npage_from=127.0.0.1\n`)
      // Each worker takes the change by itself, and any of them may answer.
      await eventually(async () => {
        for (const path of ['', 'metrics', 'login', 'queue', 'live', 'route']) {
          if ((await on.ask(`/dmail/${path}`, { localAddress: '127.0.0.9' })).status !== 403) return false
        }
        return true
      })
      assert.equal((await on.ask('/dmail/metrics')).status, 200)
    })

    it('ten tries to log in, and no more in that minute', async () => {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: on.origin }
      const statuses: number[] = []
      for (let tries = 0; tries < 11; tries++) {
        statuses.push((await on.ask('/dmail/login', { method: 'POST', headers: form, body: 'secret=wrong' })).status)
      }
      // The log-in of these tests was one.
      assert.deepEqual(
        statuses.slice(0, 9),
        Array.from({ length: 9 }, () => 401),
      )
      assert.equal(statuses.at(-1), 429)
    })
  })
}
