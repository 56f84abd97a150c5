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

plugins.registered_hooks.probe = []
const registering = Object.assign(plugin, { name: 'probe', hooks: {} })
registering.register_hook('probe', 'late', 90)
registering.register_hook('probe', 'early')
want('register_hook keeps a priority', plugins.registered_hooks.probe[0]?.priority === 90)
want('register_hook has 0 for none', plugins.registered_hooks.probe[1]?.priority === 0)

const logger = at('logger')
want('logger.loglevel', typeof logger.loglevel === 'number')
want('logger.levels.DEBUG', logger.levels.DEBUG === logger.levels.LOGDEBUG && logger.levels.DEBUG > logger.levels.INFO)
want('the level is looked at for each line', /logger\.loglevel < logger\[key\]/.test(logger.log_if_level.toString()))
want('the log hooks get level and data', /item = \{ level, data,/.test(logger.log.toString()))
want('what a log hook answers with OK is not printed', /retval !== constants\.cont/.test(logger.log_respond.toString()))

const outbound = at('outbound')
want('outbound.TODOItem', isFunction(outbound.TODOItem))
want('outbound.process_delivery', isFunction(outbound.process_delivery))
want('outbound.build_todo', isFunction(outbound.build_todo))
want('outbound.send_trans_email', isFunction(outbound.send_trans_email))
want('outbound.delivery_queue.push', isFunction(outbound.delivery_queue.push))
want('outbound.load_pid_queue', isFunction(outbound.load_pid_queue))
want('outbound.init_queue', isFunction(outbound.init_queue))
want('outbound.flush_queue', isFunction(outbound.flush_queue))

const queue = at('outbound/queue')
want('outbound/queue.queue_dir', typeof queue.queue_dir === 'string')
want('outbound.net_utils.get_primary_host_name', isFunction(outbound.net_utils.get_primary_host_name))
want('the host name is text', typeof outbound.net_utils.get_primary_host_name() === 'string')
want('outbound.net_utils.get_mx', isFunction(outbound.net_utils.get_mx))
want('outbound/queue.delete_dot_files', isFunction(queue.delete_dot_files))
want('outbound/queue.ensure_queue_dir', isFunction(queue.ensure_queue_dir))
want('outbound/queue calls its read_parts by that name', queue.load_queue_files.toString().includes('exports.read_parts') && queue.scan_queue_pids.toString().includes('exports.read_parts'))
const fileNames = at('outbound/qfile')
const made = fileNames.parts(fileNames.name({ arrival: 1, next_attempt: 2, attempts: 3, uid: 'abcdef' }))
want('a name for a queue file keeps what is given', made.arrival === 1 && made.next_attempt === 2 && made.attempts === 3 && made.uid === 'abcdef' && made.pid === process.pid)
want('outbound/queue._add_file', isFunction(queue._add_file))
want('outbound/queue calls its _add_file by that name', queue.init_queue.toString().includes('exports._add_file'))
want('there is one delivery_queue', queue.delivery_queue === outbound.delivery_queue)
want('there is one temp_fail_queue', queue.temp_fail_queue === outbound.temp_fail_queue)
for (const method of ['add', 'fire', 'length', 'drain', 'discard']) want('temp_fail_queue.' + method, isFunction(queue.temp_fail_queue[method]))
want('temp_fail_queue.queue', Array.isArray(queue.temp_fail_queue.queue))
const timer = queue.temp_fail_queue.add('a', 1e9, () => undefined)
want('timer.id', timer.id === 'a')
want('timer.fire_time', timer.fire_time > Date.now())
want('timer.cb', isFunction(timer.cb))
want('timer.cancel', isFunction(timer.cancel))
want('timers are in the array', queue.temp_fail_queue.queue[0] === timer)
want('flush_queue without a domain drains', queue.flush_queue.toString().includes('temp_fail_queue.drain()'))
want('client_pool.get_client', isFunction(at('outbound/client_pool').get_client))

want('the deny hook is told the message and the hook', plugins.run_next_hook.toString().includes("run_hooks('deny', object, [retval, msg, item[0].name, item[1], params, hook])"))
const server = at('server')
want('server.http.cfg', 'cfg' in server.http)
want('init_http runs when the app is there', /Server\.http\.app = app[^]*run_hooks\('init_http', Server\)/.test(server.setup_http_listeners.toString()))

const Hmail = at('outbound/hmail')
const { prototype: hmail } = Hmail
for (const method of ['get_mx', 'temp_fail', 'bounce', 'convert_temp_failed_to_bounce', 'delivered', 'data_stream', 'discard', 'double_bounce', 'try_deliver', 'split_to_new_recipients', 'once', 'logwarn', 'logcrit'])
  want('hmail.' + method, isFunction(hmail[method]))
const item = new Hmail('1_2_3_4_abcdef_5_host', '/nowhere/1_2_3_4_abcdef_5_host')
want('hmail.bounce_error', item.bounce_error === null)
want('bounce sets it', Hmail.toString().includes('this.bounce_error = err'))
want('the bounce hooks run with the item', Hmail.toString().includes("run_hooks('bounce', this"))
want('delivered tells host, mode and who was taken', /run_hooks\('delivered', this, \[host, ip, response, delay, port, mode, ok_recips,/.test(hmail.delivered.toString()))
want('MAIL asks the address for its form with an argument', /todo\.mail_from\.format\([^)]/.test(hmail.try_deliver_host_on_socket.toString()))
want('RCPT asks the address for its form with an argument', /last_recip\.format\([^)]/.test(hmail.try_deliver_host_on_socket.toString()))
want('nothing else asks for a form with an argument', Hmail.toString().match(/\.format\([^)]/g).length === 3)
want('hmail.refcount', item.refcount === 1)
want('hmail.next_cb', isFunction(item.next_cb))
want('hmail.filename', item.filename === '1_2_3_4_abcdef_5_host')
want('hmail.path', item.path === '/nowhere/1_2_3_4_abcdef_5_host')
want('hmail.num_failures', item.num_failures === 3)
want('hmail.file_size', item.file_size === 0)
want('hmail.todo is null until it is read', item.todo === null)
want('hmail.mxlist is what found_mx found', hmail.found_mx.toString().includes('this.mxlist = '))
want('hmail.mxlist loses its first at each try', hmail.try_deliver.toString().includes('mx = this.mxlist.shift()'))
want('the pool is asked for that next hop', /client_pool\.get_client\(mx, /.test(hmail.try_deliver.toString()))
want('the delivered hook is told the recipients', hmail.delivered.toString().includes('[host, ip, response, delay, port, mode, ok_recips'))
want('discard counts refcount down', hmail.discard.toString().includes('this.refcount--'))
want('next_cb is called when a file is not there', hmail.size_file.toString().includes('this.next_cb()'))

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
const connection = new Connection({ destroy() {} }, {}, {})
want('connection.hello.verb', connection.hello?.verb === null)
want('connection.hello.host', connection.hello?.host === null)
want('connection.tls.enabled', connection.tls?.enabled === false)
want('connection.local.host', typeof connection.local?.host === 'string')
want('connection.notes', typeof connection.notes === 'object')
want('connection.results.add', isFunction(connection.results.add))
want('connection.state', typeof connection.state === 'number')
want('connection.current_line', 'current_line' in connection)
for (const method of ['process_line', 'auth_results', 'logprotocol', 'logdebug'])
  want('connection.' + method, isFunction(connection[method]))
want('a received line says who logged in', Connection.prototype.received_line.toString().includes('this.authheader'))
want('lines are handed on by that name', Connection.prototype._process_data.toString().includes('this.process_line('))
want('connection.capabilities', 'capabilities' in connection)
want('connection.current_line', connection.current_line === null)
want('connection.relaying', connection.relaying === false)
want('connection.transaction', connection.transaction === null)

const todo = new outbound.TODOItem('example.com', [], transaction)
for (const member of ['domain', 'rcpt_to', 'mail_from', 'notes', 'queue_time', 'uuid']) want('todo.' + member, member in todo)

const module_ = process.argv[3]
const { Address } = require(require.resolve(module_, { paths: [root] }))
const address = new Address('<Bob@Example.com>')
want('address.original', address.original === '<Bob@Example.com>')
want('address.user', address.user === 'Bob')
want('address.host', address.host === 'example.com')
want('address.original_host', address.original_host === 'Example.com')
want('address.format', isFunction(Object.getPrototypeOf(address).format))
want('address.toString calls format without an argument', (() => {
  let given
  Object.defineProperty(address, 'format', { configurable: true, value: (...args) => { given = args; return '' } })
  String(address)
  delete address.format
  return given?.length === 0
})())
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
