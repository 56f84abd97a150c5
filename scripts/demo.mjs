// `npm start`: makes demo/ (kept when it is there) and runs Haraka in it with the suite as built here.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const demo = path.join(root, 'demo')
const made = spawnSync(
  process.execPath,
  [path.join(root, 'dist/bin/dmail.js'), 'init', demo, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
)
if (made.status !== 0) process.exit(made.status ?? 1)
const installed = path.join(demo, 'node_modules/haraka-plugin-dmail')
mkdirSync(path.dirname(installed), { recursive: true })
if (!existsSync(installed)) symlinkSync(root, installed, 'dir')

const port = Number(/^listen=.*:(\d+)$/m.exec(readFileSync(path.join(demo, 'config/smtp.ini'), 'utf8'))?.[1] ?? 25)
const haraka = spawn(process.execPath, [path.join(root, 'node_modules/haraka-3.3/bin/haraka'), '-c', demo], {
  stdio: 'inherit',
})
haraka.on('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => haraka.kill('SIGINT'))

announce()

function announce() {
  const socket = net.connect(port, '127.0.0.1')
  socket.once('data', () => {
    socket.end('QUIT\r\n')
    console.log(`
Ready. Send mail to 127.0.0.1 port ${port}, for example to bob@example.com, sales@example.com or info@example.com.
It lands in ${path.join(demo, 'mail')}. The configuration is ${path.join(demo, 'config/dmail.conf')}.
Where does an address go?   node dist/bin/dmail.js route -c demo sales@example.com
What is in the settings?    node dist/bin/dmail.js check -c demo
Stop with Ctrl-C.
`)
  })
  socket.once('error', () => setTimeout(announce, 200))
}
