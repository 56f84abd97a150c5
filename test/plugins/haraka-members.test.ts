import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

/*
 * plugins/haraka/types.ts declares the members of Haraka that the suite uses. Here the real Haraka is asked for each, in
 * a process of its own: its modules open queues and timers when they are loaded.
 */
const PROBE = String.raw`
const root = process.argv[1]
process.env.HARAKA = process.argv[2]
const at = (name) => require(require('node:path').join(root, name))
const missing = []
const want = (what, present) => { if (!present) missing.push(what) }
const isFunction = (value) => typeof value === 'function'

const plugins = at('plugins')
const plugin = Object.create(plugins.Plugin.prototype)
for (const method of ['register_hook', 'haraka_require', 'loginfo', 'lognotice', 'logwarn', 'logerror', 'logcrit', 'logdebug'])
  want('plugin.' + method, isFunction(plugin[method]))
want('plugins.run_hooks', isFunction(plugins.run_hooks))

const outbound = at('outbound')
want('outbound.TODOItem', isFunction(outbound.TODOItem))
want('outbound.process_delivery', isFunction(outbound.process_delivery))
want('outbound.build_todo', isFunction(outbound.build_todo))
want('outbound.send_trans_email', isFunction(outbound.send_trans_email))
want('outbound.delivery_queue.push', isFunction(outbound.delivery_queue.push))
want('outbound.net_utils.get_mx', isFunction(outbound.net_utils.get_mx))
want('outbound/queue.delete_dot_files', isFunction(at('outbound/queue').delete_dot_files))
want('outbound/queue.queue_dir', typeof at('outbound/queue').queue_dir === 'string')

const { prototype: hmail } = at('outbound/hmail')
for (const method of ['get_mx', 'temp_fail', 'bounce', 'convert_temp_failed_to_bounce', 'delivered', 'data_stream', 'split_to_new_recipients', 'logwarn', 'logcrit'])
  want('hmail.' + method, isFunction(hmail[method]))

const transaction = at('transaction').createTransaction('uuid', {})
for (const member of ['uuid', 'rcpt_to', 'notes', 'header', 'message_stream', 'data_bytes']) want('transaction.' + member, member in transaction)
want('transaction.mail_from', 'mail_from' in transaction)
want('header.get', isFunction(transaction.header.get))
want('header.get_all', isFunction(transaction.header.get_all))
want('header.header_list', Array.isArray(transaction.header.header_list))
want('message_stream.headers is the header list', transaction.message_stream.headers === transaction.header.header_list)
for (const method of ['pipe', 'on', 'off']) want('message_stream.' + method, isFunction(transaction.message_stream[method]))
want('notes.get', isFunction(transaction.notes.get))

const { Connection } = at('connection')
want('connection.respond', isFunction(Connection.prototype.respond))

const todo = new outbound.TODOItem('example.com', [], transaction)
for (const member of ['domain', 'rcpt_to', 'mail_from', 'notes', 'queue_time', 'uuid']) want('todo.' + member, member in todo)

const module_ = process.argv[3]
const { Address } = require(require.resolve(module_, { paths: [root] }))
const address = new Address('<Bob@Example.com>')
want('address.original', address.original === '<Bob@Example.com>')
want('address.user', address.user === 'Bob')
want('address.host', address.host === 'example.com')
want('address.original_host', address.original_host === 'Example.com')
want('address.constructor makes another', new address.constructor('<a@b.example>').host === 'b.example')

process.stdout.write(JSON.stringify(missing))
process.exit(0)
`

const VERSIONS = [
  { version: '3.3.4', folder: 'haraka-3.3', addresses: '@haraka/email-address' },
  { version: '3.1.7', folder: 'haraka-3.1', addresses: 'address-rfc2821' },
]

for (const { version, folder, addresses } of VERSIONS) {
  test(`Haraka ${version} has every member the suite uses`, async () => {
    const root = path.dirname(require.resolve(`${folder}/package.json`))
    const args = ['-e', PROBE, root, root, addresses]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    assert.deepEqual(JSON.parse(stdout.slice(stdout.lastIndexOf('['))), [])
  })
}
