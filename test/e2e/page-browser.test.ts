import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FEW_DOMAIN, writeLargeQueue } from '../../bench/queue-files.js'
import { callServer } from '../../lib/control/client.js'
import { CHROMIUM, startBrowser, type Browser } from '../support/browser.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { without } from '../support/tools.js'
import { eventually } from '../support/wait.js'
import { startPageSite, withoutExpress, type PageSite } from './page-site.js'

const QUEUE = { messages: 10_000, domains: 40, few: 3 }
const COUNT = QUEUE.messages + QUEUE.few

/** The least contrast of a text with what is behind it (WCAG 2). */
const LEAST_CONTRAST = `(() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0)
  const behind = (one) => {
    const color = numbers(getComputedStyle(one).backgroundColor)
    return color[3] === 0 && one.parentElement ? behind(one.parentElement) : color
  }
  const texts = [...document.querySelectorAll('body *')].filter((one) =>
    !['SCRIPT', 'STYLE', 'OPTION'].includes(one.tagName) && !(one instanceof SVGElement) &&
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
  return Math.min(...texts.map((one) => {
    const [a, b] = [light(numbers(getComputedStyle(one).color)), light(behind(one))]
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  }))
})()`

describe('the page in Chromium', { skip: without(CHROMIUM) || withoutExpress() }, () => {
  let on: PageSite
  let browser: Browser
  let nextHop: NextHop
  before(async () => {
    nextHop = await startNextHop()
    on = await startPageSite('3.3', {
      nodes: 3,
      lines: [`gateway ${FEW_DOMAIN} 127.0.0.1:${nextHop.port}`, 'forward boss@domain1.com bob@domain1.com'],
    })
    await on.haraka.stop()
    writeLargeQueue(on.haraka.dir, QUEUE)
    await on.haraka.restart()
    await eventually(async () => {
      const { complete, missing, queue } = await callServer(on.haraka.dir, 'status', {})
      return complete && missing === 0 && queue.count === COUNT
    })
    browser = await startBrowser()
  })
  after(async () => {
    await browser.close()
    await on.haraka.stop()
    await nextHop.close()
  })

  const text = (selector: string): Promise<string> =>
    browser.run(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`)
  const says = (selector: string, words: string): Promise<unknown> =>
    browser.until(`document.querySelector(${JSON.stringify(selector)})?.innerText.includes(${JSON.stringify(words)})`)
  const focus = (selector: string): Promise<unknown> =>
    browser.run(`document.querySelector(${JSON.stringify(selector)}).focus()`)
  const go = (page: string): Promise<number> => browser.open(`${on.origin}/dmail/${page}`)

  it('refuses who has no token, and says what is needed', async () => {
    assert.equal(await go('queue'), 401)
    assert.match(await text('main'), /dmail-page\.token/)
    assert.equal(await browser.run('document.activeElement.name'), 'secret')
    await browser.type('no token')
    await browser.press('Enter')
    await says('main', 'That is not the token.')
  })

  it('lets in who types the token', async () => {
    await focus('[name=secret]')
    await browser.type(on.token())
    await browser.press('Enter')
    await says('#domains', 'd0.example')
    assert.match(await text('#server'), /messages wait\s+10,003/)
    assert.equal(await browser.run('document.cookie'), '', 'the cookie is not for scripts')
  })

  it('begins with a link past the menu, and shows where the keyboard is', async () => {
    await browser.press('Tab')
    assert.equal(await browser.run('document.activeElement.className'), 'skip')
    assert.notEqual(await browser.run('getComputedStyle(document.activeElement).outlineStyle'), 'none')
  })

  it('lists the oldest of 10,000 messages, and finds one by its address or its id', async () => {
    assert.equal(await go('queue'), 200)
    assert.match(await text('#list'), /The oldest 100 of 10,003 messages/)
    assert.equal(await browser.run('document.querySelectorAll("#list tbody tr").length'), 100)
    await focus('[name=q]')
    await browser.type(`bob@${FEW_DOMAIN}`)
    await browser.press('Enter')
    await says('#list', '3 shown')
    const id = await browser.run<string>('document.querySelector("#list tbody a").innerText')
    await go(`queue?q=${id}&in=id`)
    assert.equal(await browser.run('document.querySelectorAll("#list tbody tr").length'), 1)
    await browser.run('document.querySelector("#list tbody a").click()')
    await says('pre', 'Subject: waits')
  })

  it('traces an address', async () => {
    await go('route')
    await focus('[name=address]')
    await browser.type('boss@domain1.com')
    await browser.press('Enter')
    await says('main', 'Accepted')
    assert.match(await text('.tree'), /forward[\s\S]*boss@domain1\.com[\s\S]*→ mailbox/)
  })

  it('suspends a domain by its form, and sends what waits by ETRN', async () => {
    await go('')
    await focus('#suspensions + form [name=domain]')
    await browser.type(FEW_DOMAIN)
    await browser.press('Enter')
    await says('#deeds', `${FEW_DOMAIN} suspended: 3 messages are waiting`)
    assert.match(await text('#suspensions'), /few\.example[\s\S]*an operator/)
    await browser.run(`document.querySelector('#suspensions [aria-label="Send now: ${FEW_DOMAIN}"]').click()`)
    await nextHop.waitForMessage(3)
    await says('#deeds', '3 messages tried now')
  })

  it('asks before it drops', async () => {
    await go('queue?filter=domain=d7.example')
    await browser.run(`document.querySelector('.bulk [value=drop]').click()`)
    await says('h1', 'Drop mail for good?')
    assert.equal((await callServer(on.haraka.dir, 'status', {})).queue.count, QUEUE.messages)
    await browser.run(`document.querySelector('main [value=drop]').click()`)
    await says('#deeds', '250 messages dropped')
    assert.equal((await callServer(on.haraka.dir, 'status', {})).queue.count, QUEUE.messages - 250)
  })

  it('shows what happens elsewhere without a reload, and leaves alone what the keyboard is in', async () => {
    await go('')
    await focus('#domains button')
    await callServer(on.haraka.dir, 'suspend', { domain: 'd1.example', reason: '<they> move' })
    await says('#suspensions', 'an operator (<they> move)')
    assert.equal(await browser.run('document.activeElement.innerText'), 'Send now')
    await browser.run('document.activeElement.blur()')
    await browser.until(
      `[...document.querySelectorAll('#domains tr')].some((row) => /^d1\\.example\\b.*suspended/s.test(row.innerText))`,
    )
  })

  for (const theme of ['light', 'dark'] as const) {
    it(`can be read in the ${theme} theme`, async () => {
      await browser.theme(theme)
      const pages = {
        overview: '',
        queue: 'queue',
        route: 'route?address=boss@domain1.com',
        refused: 'route?address=x',
      }
      for (const [name, page] of Object.entries(pages)) {
        await go(page)
        assert.ok((await browser.run<number>(LEAST_CONTRAST)) >= 4.5, `contrast of ${name}`)
        const pictures = process.env['DMAIL_TEST_PICTURES']
        if (pictures === undefined) continue
        mkdirSync(pictures, { recursive: true })
        for (const width of [1280, 420]) {
          writeFileSync(path.join(pictures, `${name}-${theme}-${width}.png`), await browser.picture(width))
        }
      }
      const dark = await browser.run('getComputedStyle(document.body).backgroundColor')
      assert.equal(dark, theme === 'dark' ? 'rgb(15, 19, 24)' : 'rgb(255, 255, 255)')
    })
  }

  it('logs out', async () => {
    await go('')
    await browser.run(`document.querySelector('header button').click()`)
    await says('h1', 'Log in')
    assert.equal(await go(''), 401)
  })

  it('did nothing that its own policy forbids', () => {
    assert.deepEqual(browser.complaints, [])
  })
})
