import Module from 'node:module'

// Loaded by `node --require` before the program, which then finds no Express, wherever it is installed.

interface Resolving {
  _resolveFilename: (request: string, ...rest: readonly unknown[]) => string
}

const resolving = Module as unknown as Resolving
const resolve = resolving._resolveFilename
resolving._resolveFilename = (request, ...rest) => {
  if (request === 'express') throw Object.assign(new Error('Cannot find module express'), { code: 'MODULE_NOT_FOUND' })
  return resolve(request, ...rest)
}
