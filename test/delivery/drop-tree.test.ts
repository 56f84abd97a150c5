import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createLocate, type Locate } from '../../lib/delivery/drop-tree.js'
import { inTemporaryDirectory } from './helpers.js'

/** A tree with the given files (or, ending in `/`, directories), and what is found in it. */
async function withTree(
  files: readonly string[],
  test: (
    find: (name: string, newHash?: 0 | 1 | 2) => Promise<string>,
    root: string,
    pass: (ms: number) => void,
  ) => Promise<void>,
): Promise<void> {
  await inTemporaryDirectory(async (root) => {
    for (const file of files) await put(root, file)
    let time = 0
    const locate: Locate = createLocate({ keepMs: 5000, now: () => time })
    await test(
      async (name, newHash = 2) => path.relative(root, await locate(root, name, newHash)),
      root,
      (ms) => {
        time += ms
      },
    )
  })
}

async function put(root: string, file: string): Promise<void> {
  await mkdir(path.join(root, file.endsWith('/') ? file : path.dirname(file)), { recursive: true })
  if (!file.endsWith('/')) await writeFile(path.join(root, file), '')
}

describe('a drop file in a tree with an unknown hash', () => {
  const rows: readonly (readonly [string, readonly string[], string, string])[] = [
    ['is found at the top', ['bob', 'b/o/fred'], 'bob', 'bob'],
    ['is found one level down', ['t/bob'], 'bob', 't/bob'],
    ['is found two levels down', ['t/y/dom1_bob', 't/z/', 'a/b/fred'], 'dom1_bob', 't/y/dom1_bob'],
    ['is new where there is none', ['t/y/dom1_bob'], 'bob', 'b/o/bob'],
    ['is new in an empty tree', [], 'bob', 'b/o/bob'],
    ['is not a hash directory of that name', ['b/o/bob'], 'b', 'b/_/b'],
    ['is found beside a hash directory of that name', ['b/b', 't/y/fred'], 'b', 'b/b'],
    ['is not one of a vdomain in a directory below', ['computers/bob', 'computers/b/bob'], 'bob', 'b/o/bob'],
    ['is the first where there are several', ['t/bob', 'z/y/bob', 'bob'], 'bob', 'bob'],
    ['may lie under characters that are no letters', ['~/}/bob'], 'bob', '~/}/bob'],
  ]
  for (const [name, files, asked, expected] of rows) {
    it(name, () =>
      withTree(files, async (find) => {
        assert.equal(await find(asked), expected)
      }),
    )
  }

  it('is new by new_hash', () =>
    withTree([], async (find) => {
      assert.deepEqual([await find('bob', 0), await find('bob', 1), await find('bob', 2)], ['bob', 'b/bob', 'b/o/bob'])
    }))

  it('is found again where it is now', () =>
    withTree(['t/y/bob', 'q/'], async (find, root) => {
      assert.equal(await find('bob'), 't/y/bob')
      await rename(path.join(root, 't/y/bob'), path.join(root, 'q/bob'))
      assert.equal(await find('bob'), 'q/bob')
      await rm(path.join(root, 'q/bob'))
      assert.equal(await find('bob'), 'b/o/bob')
    }))

  it('is looked for in new directories after a few seconds', () =>
    withTree(['t/y/bob'], async (find, root, pass) => {
      assert.equal(await find('fred'), 'f/r/fred')
      await put(root, 'x/q/fred')
      assert.equal(await find('fred'), 'f/r/fred')
      pass(5000)
      assert.equal(await find('fred'), 'x/q/fred')
    }))

  it('is found through hash directories on another disk', () =>
    withTree(['elsewhere/y/bob'], async (find, root) => {
      await symlink(path.join(root, 'elsewhere'), path.join(root, 't'))
      assert.equal(await find('bob'), 't/y/bob')
    }))

  it('counts as found when it is a link, so that the delivery says what is wrong', () =>
    withTree(['t/y/fred'], async (find, root) => {
      await symlink('nowhere', path.join(root, 't', 'bob'))
      assert.equal(await find('bob'), 't/bob')
    }))

  it('has no bad name', () =>
    withTree([], async (find) => {
      await assert.rejects(find('../bob'), RangeError)
    }))

  it('is not called new when the tree cannot be read', () =>
    withTree([], async (find, root) => {
      await symlink('t', path.join(root, 't'))
      await assert.rejects(find('bob'), { code: 'ELOOP' })
    }))
})
