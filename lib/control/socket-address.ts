import { closeSync, constants, openSync } from 'node:fs'
import path from 'node:path'
import { SOCKET_FILE } from './protocol.js'

/** sun_path of unix(7) has 108 bytes on Linux and 104 on BSD, the final NUL included. */
const LONGEST = 100

/** A name by which the control socket of a Haraka directory can be bound or connected to. */
export interface SocketAddress {
  readonly address: string
  /** The same as an ordinary path. */
  readonly file: string
  /** After `close` the address may not work any more. */
  close(): void
}

/**
 * The control socket of a Haraka directory, or another one by its name. A path too long for a socket address goes by way of an open directory, which
 * only Linux offers. Throws the error of the file system where the directory cannot be opened.
 */
export function socketAddress(harakaDir: string, name: string = SOCKET_FILE): SocketAddress {
  const file = path.resolve(harakaDir, name)
  if (Buffer.byteLength(file) <= LONGEST) return { address: file, file, close: () => undefined }
  const fd = openSync(path.dirname(file), constants.O_RDONLY | constants.O_DIRECTORY)
  let open = true
  return {
    address: `/proc/self/fd/${fd}/${name}`,
    file,
    close: () => {
      if (open) closeSync(fd)
      open = false
    },
  }
}
