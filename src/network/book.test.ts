import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createBook } from './book.ts'
import { addressesPerPeerMax, bookPeersMax } from './limits.ts'
import { memoryLog, peerIdOf, testClock } from './testing.ts'

const address = '/ip4/192.0.2.1/tcp/4001'

function open(database: DatabaseSync) {
  return createBook({ clock: testClock, database, log: memoryLog() })
}

test('a peer that worked is there after a restart, its proven address first', async () => {
  const database = new DatabaseSync(':memory:')
  const [a, b] = [await peerIdOf(1), await peerIdOf(2)]
  const book = open(database)
  book.worked(a, [address])
  book.worked(b, [address])
  book.worked(a, ['/ip4/192.0.2.9/tcp/1', `${address}/p2p/${a}`])
  book.stop()
  const entries = open(database).entries()
  assert.deepEqual(
    entries.map(({ peerId, addresses }) => [peerId, addresses]),
    [
      [a, ['/ip4/192.0.2.9/tcp/1', address]],
      [b, [address]],
    ],
  )
})

test('a peer that fails again and again is forgotten; one success wipes its failures out', async () => {
  const database = new DatabaseSync(':memory:')
  const [a, b] = [await peerIdOf(1), await peerIdOf(2)]
  const book = open(database)
  for (const peerId of [a, b]) book.worked(peerId, [address])
  for (let i = 0; i < 11; i++) for (const peerId of [a, b]) book.failed(peerId)
  book.worked(a, [address])
  for (const peerId of [a, b]) book.failed(peerId)
  book.stop()
  assert.deepEqual(
    open(database)
      .entries()
      .map(({ peerId, failures }) => [peerId, failures]),
    [[a, 1]],
  )
})

test('the book has a last page, and a peer a last address', async () => {
  const database = new DatabaseSync(':memory:')
  const book = open(database)
  const first = await peerIdOf(1)
  const many = Array.from({ length: 50 }, (_, i) => `/ip4/192.0.2.1/tcp/${i + 1}`)
  book.worked(first, many)
  assert.equal(book.get(first)?.addresses.length, addressesPerPeerMax)
  for (let i = 0; i < bookPeersMax; i++) book.worked(await peerIdOf(i + 2), [address])
  assert.equal(book.entries().length, bookPeersMax)
  assert.equal(book.get(first), undefined)
  book.stop()
  assert.equal(open(database).entries().length, bookPeersMax)
})

test('rows that nobody here wrote are passed over', () => {
  const database = new DatabaseSync(':memory:')
  open(database).stop()
  const insert = database.prepare('INSERT INTO network_peers VALUES (?, ?, 1, 0)')
  insert.run('not a peer', '[]')
  insert.run('12D3KooWCgra1wEnoyh1WzxYEnLQJgowYtJqPcmsy9DUD7YPpgKk', '{broken')
  assert.deepEqual(
    open(database)
      .entries()
      .map((entry) => entry.addresses),
    [[]],
  )
})
