import { describe, it } from 'node:test'
import { MANUAL } from './manual/index.js'
import { verify } from './support.js'

describe('the manual', () => {
  for (const { place, quote, row } of MANUAL) {
    it(`${place}: "${quote}" (${row.address})`, () => verify(row))
  }
})
