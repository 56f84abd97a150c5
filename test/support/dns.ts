import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import path from 'node:path'
import type { DNS_VARIABLE } from './dns-preload.js'
import { preloading } from './preload.js'

/** What the server says to questions of one type: an error, or records (none = there is the name, but nothing of that type). */
export type DnsAnswer = 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' | readonly string[]

/** Answers by type; a type that is not named has no records. MX records are `10 mx.example.com`, null MX (RFC 7505) is `0 .` */
export interface DnsName {
  readonly MX?: DnsAnswer
  readonly A?: DnsAnswer
  readonly AAAA?: DnsAnswer
}

/** A DNS server on the loopback interface. */
export interface Dns {
  /** For the environment of Haraka: all its questions come here. */
  readonly env: Readonly<Record<string, string>>
  /** What is known; other names do not exist. May be changed at any time. */
  readonly names: Map<string, DnsName>
  /** What was asked: `MX example.com`. */
  readonly questions: readonly string[]
  close(): Promise<void>
}

const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const
const TYPES: ReadonlyMap<number, keyof DnsName> = new Map([
  [1, 'A'],
  [15, 'MX'],
  [28, 'AAAA'],
])

/** Starts a server that answers as RFC 1035 says, with what `names` holds. */
export async function startDns(names: Readonly<Record<string, DnsName>> = {}): Promise<Dns> {
  const known = new Map(Object.entries(names))
  const questions: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, { address, port }) => {
    const { name, type, end } = readQuestion(query)
    const typeName = TYPES.get(type)
    questions.push(`${typeName ?? type} ${name}`)
    const found = known.get(name)
    const answer = found === undefined ? 'NXDOMAIN' : typeName === undefined ? [] : (found[typeName] ?? [])
    socket.send(reply(query.subarray(0, end), type, answer), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.unref()
  const variable: typeof DNS_VARIABLE = 'DMAIL_TEST_DNS'
  return {
    env: {
      ...preloading(path.join(__dirname, 'dns-preload.js')),
      [variable]: `127.0.0.1:${socket.address().port}`,
    },
    names: known,
    questions,
    close: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

/** The only question of a query; `end` is the offset behind it. */
function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function reply(question: Buffer, type: number, answer: DnsAnswer): Buffer {
  const records = typeof answer === 'string' ? [] : answer.map((text) => record(type, text))
  const head = Buffer.from(question)
  // A response, authoritative, recursion desired and available (RFC 1035 4.1.1).
  head.writeUInt16BE(0x8580 | (typeof answer === 'string' ? CODES[answer] : 0), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, ...records])
}

function record(type: number, text: string): Buffer {
  const data = recordData(text)
  const head = Buffer.alloc(12)
  // The name is the one at offset 12, in the question; class IN; nobody keeps it.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(0, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function recordData(text: string): Buffer {
  if (isIP(text) === 4) return Buffer.from(text.split('.').map(Number))
  const [, preference, host] = /^(\d+) (\S+)$/.exec(text) ?? []
  if (preference === undefined || host === undefined) throw new Error(`no record of this server's: ${text}`)
  const labels = host.split('.').filter((label) => label !== '')
  const name = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  const number = Buffer.alloc(2)
  number.writeUInt16BE(Number(preference))
  return Buffer.concat([number, ...name, Buffer.from([0])])
}
