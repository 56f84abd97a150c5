import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { atExit, tempDir } from './cleanup.js'
import { within } from './wait.js'

/** A page of headless Chromium, driven by the DevTools protocol over a pipe. */
export interface Browser {
  /** Goes to an address and waits for its document. Resolves to the status. */
  open(url: string): Promise<number>
  /** Evaluates an expression in the page; its value must be plain data. */
  run<T>(expression: string): Promise<T>
  /** Evaluates until the answer is truthy, also over a change of the page. */
  until<T>(expression: string): Promise<T>
  /** Types into the focused element. */
  type(text: string): Promise<void>
  press(key: string): Promise<void>
  theme(theme: 'light' | 'dark'): Promise<void>
  /** A picture of the whole page, PNG. */
  picture(width: number): Promise<Buffer>
  /** What the page complained of: exceptions, and what its policy forbade. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--remote-debugging-pipe',
]

export const CHROMIUM = 'chromium'

type Params = Record<string, unknown>

export async function startBrowser(): Promise<Browser> {
  const child = spawn(CHROMIUM, [...FLAGS, `--user-data-dir=${tempDir('browser')}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const forget = atExit(() => {
    killGroup(child)
  })
  const { call, on } = protocol(child)
  const { targetInfos } = await call<{ targetInfos: { targetId: string; type: string }[] }>('Target.getTargets')
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId
  const { sessionId } = await call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const ask = <T>(method: string, params: Params = {}): Promise<T> => call<T>(method, params, sessionId)
  const complaints: string[] = []
  let status = 0
  on('Runtime.exceptionThrown', (event) => complaints.push(JSON.stringify(event)))
  on('Log.entryAdded', ({ entry }) => {
    const { source, text } = entry as { source: string; text: string }
    if (source === 'security') complaints.push(text)
  })
  on('Network.responseReceived', ({ type, response }) => {
    if (type === 'Document') status = (response as { status: number }).status
  })
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await ask(`${domain}.enable`)

  async function run<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await ask<{ result: { value: T }; exceptionDetails?: unknown }>(
      'Runtime.evaluate',
      { expression, returnByValue: true, awaitPromise: true },
    )
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return result.value
  }

  async function until<T>(expression: string): Promise<T> {
    let stopped = false
    const probe = async (): Promise<T> => {
      for (;;) {
        // Between two pages there is nothing to ask.
        const value = await run<T | undefined>(expression).catch(() => undefined)
        if (value !== undefined && value !== null && value !== false && value !== '') return value
        if (stopped) throw new Error('stopped')
        await setTimeout(50)
      }
    }
    try {
      return await within(probe(), { otherwise: () => `${expression} stays false` })
    } finally {
      stopped = true
    }
  }

  return {
    run,
    until,
    complaints,
    async open(url) {
      status = 0
      // In a page that is left everything would be as before.
      await run('window.isOld = true')
      await ask('Page.navigate', { url })
      await until('window.isOld === undefined && document.readyState === "complete"')
      return status
    },
    type: (text) => ask('Input.insertText', { text }),
    async press(key) {
      const text = key === 'Enter' ? '\r' : undefined
      const code = { Enter: 13, Tab: 9 }[key] ?? 0
      await ask('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, windowsVirtualKeyCode: code, text })
      await ask('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: code })
    },
    theme: (theme) => ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: theme }] }),
    async picture(width) {
      await ask('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false })
      const { data } = await ask<{ data: string }>('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(data, 'base64')
    },
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      await call('Browser.close').catch(() => undefined)
      await within(gone, { otherwise: () => 'Chromium does not end' })
      killGroup(child)
      forget()
    },
  }
}

/** Helpers of a browser outlive it for a moment. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // All have ended.
  }
}

interface Message extends Params {
  readonly id?: number
  readonly method?: string
  readonly params?: Params
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** Messages end with a NUL, to the browser on its descriptor 3 and back on 4. */
function protocol(child: ChildProcess): {
  readonly call: <T>(method: string, params?: Params, sessionId?: string) => Promise<T>
  readonly on: (method: string, listener: (params: Params) => void) => void
} {
  const [, , , to, from] = child.stdio as unknown as [unknown, unknown, unknown, Writable, Readable]
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  const listeners = new Map<string, (params: Params) => void>()
  let nextId = 0
  let partial = ''
  const hear = ({ id, method, params, result, error }: Message): void => {
    const asked = waiting.get(id ?? -1)
    waiting.delete(id ?? -1)
    if (asked === undefined) listeners.get(method ?? '')?.(params ?? {})
    else if (error === undefined) asked.resolve(result as never)
    else asked.reject(new Error(error.message))
  }
  from.setEncoding('utf8')
  from.on('data', (piece: string) => {
    const messages = (partial + piece).split('\0')
    partial = messages.pop() ?? ''
    for (const message of messages) hear(JSON.parse(message) as Message)
  })
  const ended = (error?: Error): void => {
    for (const { reject } of waiting.values()) reject(error ?? new Error('Chromium has ended'))
    waiting.clear()
  }
  to.on('error', () => undefined)
  child.once('error', ended)
  child.once('exit', () => {
    ended()
  })
  return {
    call: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        const id = nextId++
        waiting.set(id, { resolve, reject })
        to.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
      }),
    on: (method, listener) => listeners.set(method, listener),
  }
}
