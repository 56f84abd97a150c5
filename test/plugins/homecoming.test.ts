import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { it } from 'node:test'
import type { HarakaHmail } from '../../plugins/haraka/outbound-types.js'
import { queueSource } from '../../plugins/homecoming.js'
import { tempDir } from '../support/cleanup.js'

it('a queue file that cannot be read to its end fails what is written from it, and neither waits nor ends the process', async () => {
  const file = path.join(tempDir('home'), 'none')
  const hmail = { todo: {}, data_stream: () => createReadStream(file) } as unknown as HarakaHmail
  const destination = new PassThrough()
  queueSource(hmail).message_stream.pipe(destination)
  const [error] = (await once(destination, 'error')) as [Error]
  assert.match(error.message, /ENOENT/)
})
