import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lateRoutes } from './late-routes.ts'
import { isLatePath, methodsOf } from './route-match.ts'
import { earlyRoutes } from './routes.ts'

const pathsOf = (table: object) => Object.keys(table).map((key) => (key.split(' ')[1] ?? '').replaceAll(/:\w+/g, 'x'))

test('a path tells which of the two tables has it', () => {
  assert.deepEqual(
    pathsOf(lateRoutes).filter((path) => !isLatePath(path)),
    [],
  )
  assert.deepEqual(pathsOf(earlyRoutes).filter(isLatePath), [])
  for (const path of ['/api/ledgers', '/api/communities/x/walletX', '/api/communities/ledger', '/ledger']) {
    assert.ok(!isLatePath(path), path)
  }
})

test('a table says with which methods it has a path', () => {
  assert.deepEqual(methodsOf(lateRoutes)('/api/communities/x/wallet'), ['GET', 'HEAD'])
  assert.deepEqual(methodsOf(lateRoutes)('/api/ledger/check'), ['POST'])
  assert.deepEqual(methodsOf(lateRoutes)('/api/ledger/other'), [])
})
