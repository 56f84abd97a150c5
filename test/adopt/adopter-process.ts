import { adopterOf } from './fixture.js'

/* A process that takes over a queue, or goes on with it, and is killed at one of its steps: `OWN FROM STEP adopt|resume`. */

const [own = '', from = '', step = '', what] = process.argv.slice(2)
let left = Number(step)
const adopter = adopterOf(own, {
  step: () => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL')
  },
})

async function run(): Promise<void> {
  if (what === 'resume') await adopter.resume()
  else {
    const { stopped, left: rest } = await adopter.adopt(from, false, () => undefined)
    if (stopped !== '' || rest.length > 0) throw new Error(JSON.stringify({ stopped, rest }))
  }
}

run().catch((error: unknown) => {
  process.stderr.write(String(error))
  process.exitCode = 1
})
