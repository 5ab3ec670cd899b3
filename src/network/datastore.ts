// Where libp2p keeps its peer store and the DHT its provider records: in memory, every kind of entry with a limit of its
// own, so that strangers can neither fill the memory nor push our own announcements out. Nothing here outlives a run;
// what shall (peers that worked) is in book.ts.
//
// Keys: /peers/<peer> · /dht/provider/<hash>/<peer> · anything else.
//
// What is kept is a path and bytes of their own: a value that came in with a message, and the bytes within a `Key`, lie in
// a pool of Node's, and each of them would keep 64 KiB alive.

import { Key } from 'interface-datastore'
import type { Libp2pInit } from 'libp2p'
import { BoundedMap } from '../base/bounded.ts'
import {
  announcementsMax,
  datastoreOtherMax,
  datastoreValueMaxBytes,
  peerStoreAddressesMax,
  peerStoreMax,
  providerRecordsMax,
  providerRecordsPerPeerMax,
  providersPerKeyMax,
} from './limits.ts'
import { trimPeerRecord } from './peer-record.ts'

export type Datastore = NonNullable<Libp2pInit['datastore']>
type Pair = { key: Key; value: Uint8Array }
type Query = Parameters<Datastore['query']>[0]
type KeyQuery = Parameters<Datastore['queryKeys']>[0]

// libp2p recognises absence by this name.
class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

class LimitError extends Error {
  override readonly name = 'DatastoreLimitError'
}

const providerPrefix = '/dht/provider/'

/** Provider records of others, indexed by key so that a lookup costs what it finds and not what there is. */
class ProviderRecords {
  readonly #records = new BoundedMap<string, Uint8Array>(providerRecordsMax)
  readonly #byHash = new Map<string, Set<string>>()
  readonly #countOfPeer = new Map<string, number>()

  put(path: string, value: Uint8Array): void {
    const { hash, peer } = split(path)
    if (!this.#records.has(path)) {
      const siblings = this.#byHash.get(hash)
      if ((siblings?.size ?? 0) >= providersPerKeyMax) throw new LimitError('too many providers for one key')
      const count = this.#countOfPeer.get(peer) ?? 0
      if (count >= providerRecordsPerPeerMax) throw new LimitError('too many provider records of one peer')
      if (siblings === undefined) this.#byHash.set(hash, new Set([path]))
      else siblings.add(path)
      this.#countOfPeer.set(peer, count + 1)
    }
    const evicted = this.#records.set(path, value)
    if (evicted !== undefined) this.#unindex(evicted[0])
  }

  get(path: string): Uint8Array | undefined {
    return this.#records.get(path)
  }

  delete(path: string): void {
    if (this.#records.delete(path)) this.#unindex(path)
  }

  *under(prefix: string): Generator<Pair> {
    const siblings = this.#byHash.get(prefix.slice(providerPrefix.length))
    if (siblings !== undefined) {
      for (const path of siblings) {
        const value = this.#records.get(path)
        if (value !== undefined) yield pairOf(path, value)
      }
    } else if (providerPrefix.startsWith(prefix)) {
      for (const [path, value] of [...this.#records.entries()]) yield pairOf(path, value)
    }
  }

  #unindex(path: string): void {
    const { hash, peer } = split(path)
    const siblings = this.#byHash.get(hash)
    siblings?.delete(path)
    if (siblings?.size === 0) this.#byHash.delete(hash)
    const count = (this.#countOfPeer.get(peer) ?? 1) - 1
    if (count === 0) this.#countOfPeer.delete(peer)
    else this.#countOfPeer.set(peer, count)
  }
}

const pairOf = (path: string, value: Uint8Array): Pair => ({ key: new Key(path, false), value })

function split(path: string): { hash: string; peer: string } {
  const [hash = '', peer = ''] = path.slice(providerPrefix.length).split('/')
  return { hash, peer }
}

function* matching(pairs: Iterable<Pair>, query: Query): Generator<Pair> {
  let found = [...pairs].filter((pair) => (query.filters ?? []).every((filter) => filter(pair)))
  for (const order of query.orders ?? []) found = found.sort(order)
  const start = query.offset ?? 0
  yield* found.slice(start, query.limit === undefined ? undefined : start + query.limit)
}

class BoundedDatastore implements Datastore {
  readonly #self: string
  readonly #peers = new BoundedMap<string, Uint8Array>(peerStoreMax)
  readonly #announced = new BoundedMap<string, Uint8Array>(announcementsMax)
  readonly #other = new BoundedMap<string, Uint8Array>(datastoreOtherMax)
  readonly #providers = new ProviderRecords()

  constructor(self: string) {
    this.#self = self
  }

  put(key: Key, value: Uint8Array): Key {
    const path = key.toString()
    const kept = path.startsWith('/peers/') ? trimPeerRecord(value, peerStoreAddressesMax) : value
    if (kept.length > datastoreValueMaxBytes) throw new LimitError('value too long')
    this.#groupOf(path).put(path, new Uint8Array(kept))
    return key
  }

  get(key: Key): Uint8Array {
    const path = key.toString()
    const value = this.#groupOf(path).get(path)
    if (value === undefined) throw new NotFoundError('not found')
    return value
  }

  has(key: Key): boolean {
    const path = key.toString()
    return this.#groupOf(path).get(path) !== undefined
  }

  delete(key: Key): void {
    const path = key.toString()
    this.#groupOf(path).delete(path)
  }

  async *putMany(source: Iterable<Pair> | AsyncIterable<Pair>): AsyncGenerator<Key> {
    for await (const { key, value } of source) yield this.put(key, value)
  }

  async *getMany(source: Iterable<Key> | AsyncIterable<Key>): AsyncGenerator<Pair> {
    for await (const key of source) yield { key, value: this.get(key) }
  }

  async *deleteMany(source: Iterable<Key> | AsyncIterable<Key>): AsyncGenerator<Key> {
    for await (const key of source) {
      this.delete(key)
      yield key
    }
  }

  batch() {
    const acts: (() => void)[] = []
    return {
      put: (key: Key, value: Uint8Array) => void acts.push(() => this.put(key, value)),
      delete: (key: Key) => void acts.push(() => this.delete(key)),
      commit: () => {
        for (const act of acts.splice(0)) act()
      },
    }
  }

  *query(query: Query): Generator<Pair> {
    yield* matching(this.#under(query.prefix ?? '/'), query)
  }

  *queryKeys(query: KeyQuery): Generator<Key> {
    const filters = (query.filters ?? []).map((filter) => (pair: Pair) => filter(pair.key))
    for (const pair of matching(this.#under(query.prefix ?? '/'), { filters })) yield pair.key
  }

  #groupOf(path: string): {
    get(path: string): Uint8Array | undefined
    put(path: string, value: Uint8Array): void
    delete(path: string): unknown
  } {
    if (path.startsWith(providerPrefix) && !path.endsWith(`/${this.#self}`)) return this.#providers
    const map = path.startsWith('/peers/')
      ? this.#peers
      : path.startsWith(providerPrefix)
        ? this.#announced
        : this.#other
    return {
      get: (path) => map.get(path),
      put: (path, value) => map.set(path, value),
      delete: (path) => map.delete(path),
    }
  }

  *#under(prefix: string): Generator<Pair> {
    yield* this.#providers.under(prefix)
    for (const map of [this.#peers, this.#announced, this.#other]) {
      for (const [path, value] of [...map.entries()]) if (path.startsWith(prefix)) yield pairOf(path, value)
    }
  }
}

/** `self`: our own peer id, whose provider records count as announcements. */
export function createDatastore(self: string): Datastore {
  return new BoundedDatastore(self)
}
