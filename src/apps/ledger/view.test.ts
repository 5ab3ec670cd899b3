// What the community's log says of its ledger: whatever order entries come in, whatever strangers write.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { transaction } from '../../base/database.ts'
import type { OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import {
  accountText,
  addressOfSecret,
  checkpointDigest,
  signDigest,
  textDigest,
  willingDigest,
} from '../../ledger/keys.ts'
import type { Address, Hash } from '../../ledger/types.ts'
import type { CommunityId, DeviceId, Entry, EntryId } from '../../log/types.ts'
import { foundCapability } from './capability.ts'
import { checkpointsPerDeviceMax, entriesPerAuthorMax, genesesMax, membersPerChangeMax } from './limits.ts'
import { type LedgerView, openLedgerView } from './view.ts'
import { readAct, writeBody } from './wire.ts'

const community = 'c0'.repeat(32) as CommunityId
const person = (name: string) => `did:key:z6Mk${name}` as PersonDid
const device = (n: number) => n.toString(16).padStart(64, '0') as DeviceId
const secret = (n: number) => new Uint8Array(32).fill(n + 1)

interface Wrote {
  readonly ms: number
  readonly device: DeviceId
  readonly person: PersonDid
  readonly kind: string
  readonly body: unknown
  readonly rights?: readonly string[]
}

let arrivals = 0
function opened({ ms, device: author, person: by, kind, body, rights = [] }: Wrote): OpenedEntry {
  const arrival = ++arrivals
  const id = arrival.toString(16).padStart(64, '0') as EntryId
  const entry = { id, community, device: author, time: { ms, count: 0 } } as Entry
  return { community, arrival, entry, person: by, app: 'ledger', kind, body, may: (name) => rights.includes(name) }
}

function willing(ms: number, of: number, isWilling: boolean, key = of): OpenedEntry {
  const proof = signDigest(willingDigest(community, device(of)), secret(key))
  const body = writeBody({ kind: 'validator', address: addressOfSecret(secret(key)), willing: isWilling, proof })
  return opened({ ms, device: device(of), person: person(`P${of}`), kind: 'validator', body })
}

function account(ms: number, of: number, key: number): OpenedEntry {
  const by = person(`P${of}`)
  const proof = signDigest(textDigest(accountText(community, by)), secret(key))
  const body = writeBody({ kind: 'account', address: addressOfSecret(secret(key)), proof })
  return opened({ ms, device: device(of), person: by, kind: 'account', body })
}

function genesis(ms: number, of: number, mark: number, rights = [foundCapability as string]): OpenedEntry {
  const body = writeBody({ kind: 'genesis', genesis: Uint8Array.of(mark) })
  return opened({ ms, device: device(of), person: person(`P${of}`), kind: 'genesis', body, rights })
}

const hash = (digit: string) => `0x${digit.repeat(64)}` as Hash

function checkpoint(ms: number, of: number, height: number, { key = of, as = of } = {}): OpenedEntry {
  const said = { chainId: 7, genesisHash: hash('a'), height, block: hash('b'), timestamp: 100 * height, epoch: 0 }
  const body = { ...said, validators: [addressOfSecret(secret(of))] }
  const proof = signDigest(checkpointDigest({ community, device: device(of) }, body), secret(key))
  const act = { kind: 'checkpoint', ...body, address: addressOfSecret(secret(as)), proof } as const
  return opened({ ms, device: device(of), person: person(`P${of}`), kind: 'checkpoint', body: writeBody(act) })
}

const gnosis = { chainId: 100, name: 'Gnosis', coin: 'xDAI', symbol: 'xDAI', rpc: 'https://rpc.gnosischain.com' }

function chain(ms: number, of: number, chosen: typeof gnosis | undefined, rights = [foundCapability as string]) {
  const body = writeBody({ kind: 'chain', chain: chosen })
  return opened({ ms, device: device(of), person: person(`P${of}`), kind: 'chain', body, rights })
}

function members(ms: number, of: number, change: number): OpenedEntry {
  const removed = [addressOfSecret(secret(9))]
  const act = { kind: 'members', change, admitted: [], removed, signature: new Uint8Array(65) } as const
  return opened({ ms, device: device(of), person: person(`P${of}`), kind: 'members', body: writeBody(act) })
}

function openView(): LedgerView & { take(entries: readonly OpenedEntry[]): void } {
  const database = new DatabaseSync(':memory:')
  const view = openLedgerView({ database })
  return { ...view, take: (entries) => transaction(database, () => view.reducer.apply(entries)) }
}

const nothing = {
  ...{ validators: [], accounts: [], geneses: [], checkpoints: [], members: [], chain: undefined, every: [] },
}

function dump(view: LedgerView) {
  return {
    validators: view.validators(community).map(({ author, act }) => [author, act.address, act.willing]),
    accounts: view.accounts(community).map(({ person: by, act }) => [by, act.address]),
    geneses: view.geneses(community).map(({ entry, act }) => [entry, [...act.genesis]]),
    checkpoints: view.checkpoints(community).map(({ author, act }) => [author, act.height]),
    members: view.members(community).map(({ author, act }) => [author, act.change]),
    chain: view.chain(community)?.act.chain,
    every: view
      .everyAddress(community)
      .map(({ person: by, address }) => `${by} ${address}`)
      .sort(),
  }
}

test('the newest word of each device and person counts, the first founding', () => {
  const view = openView()
  view.take([willing(5, 1, true), willing(9, 1, false), willing(7, 2, true), account(3, 1, 1), account(4, 1, 2)])
  view.take([genesis(20, 1, 1), genesis(10, 2, 2)])
  const seen = dump(view)
  assert.deepEqual(
    seen.validators.map(([, , isWilling]) => isWilling),
    [false, true],
  )
  assert.deepEqual(seen.accounts, [[person('P1'), addressOfSecret(secret(2))]])
  assert.deepEqual(
    seen.geneses.map(([, bytes]) => bytes),
    [[2], [1]],
  )
})

test('the newest choice of who may choose counts; so do the newest words and checkpoints of each device', () => {
  const view = openView()
  view.take([chain(5, 1, gnosis), chain(4, 2, undefined), chain(9, 2, undefined, [])])
  assert.deepEqual(dump(view).chain, gnosis)
  const back = chain(12, 1, undefined)
  view.take([back, members(1, 1, 0), members(2, 1, 1), members(1, 2, 0)])
  assert.equal(dump(view).chain, undefined)
  view.reducer.retract([back])
  assert.deepEqual(dump(view).chain, gnosis)
  assert.deepEqual(dump(view).members, [
    [device(1), 1],
    [device(2), 0],
  ])
  // Signed by another key, or under another's address, it is no word of this device.
  view.take([checkpoint(1, 1, 10), checkpoint(2, 2, 20, { key: 3 }), checkpoint(2, 2, 20, { key: 3, as: 3 })])
  view.take(Array.from({ length: checkpointsPerDeviceMax + 2 }, (_, n) => checkpoint(10 + n, 3, n)))
  const heights = Array.from({ length: checkpointsPerDeviceMax }, (_, n) => [
    device(3),
    checkpointsPerDeviceMax + 1 - n,
  ])
  assert.deepEqual(dump(view).checkpoints, [[device(1), 10], [device(2), 20], ...heights])
})

test('every account that was ever counted is remembered, so that none is used beside another', () => {
  const view = openView()
  // Whatever order they come in, the first by time count.
  view.take(Array.from({ length: entriesPerAuthorMax + 3 }, (_, n) => account(n, 1, n)).reverse())
  const [own] = dump(view).accounts
  assert.deepEqual(own, [person('P1'), addressOfSecret(secret(entriesPerAuthorMax - 1))])
  assert.equal(view.everyAddress(community).length, entriesPerAuthorMax)
})

test('a choice is published only where anybody may know it', () => {
  const read = (rpc: unknown) => readAct('chain', { chain: { ...gnosis, rpc } })
  for (const rpc of ['https://rpc.gnosischain.com/', 'https://eth-mainnet.public.blastapi.io', 'https://1rpc.io/eth']) {
    assert.deepEqual(read(rpc), { kind: 'chain', chain: { ...gnosis, rpc } })
  }
  for (const rpc of [
    'http://rpc.example',
    'http://127.0.0.1:8545',
    'https://127.0.0.1',
    'https://localhost',
    'https://[::1]/',
    'https://a:b@rpc.example',
    'https://rpc.example/?key=1',
    'https://rpc.example/#1',
    'https://mainnet.example/v3/0123456789abcdef0123456789abcdef',
    'https://0123456789abcdef0123.rpc.example',
    `https://rpc.example/${'a'.repeat(600)}`,
    5,
  ]) {
    assert.throws(() => read(rpc), { code: 'ledger_body_malformed' }, String(rpc))
  }
  for (const change of [{ chainId: 0 }, { name: '' }, { name: 'a\u202eb' }, { symbol: 'x'.repeat(13) }, { coin: 5 }]) {
    assert.throws(() => readAct('chain', { chain: { ...gnosis, ...change } }), { code: 'ledger_body_malformed' })
  }
})

test('a word on members names few, in order', () => {
  const bytes = (n: number) => Uint8Array.of(...new Uint8Array(18), n >> 8, n & 255)
  const word = (removed: readonly Uint8Array[]) =>
    readAct('members', { change: 1, admitted: [], removed, signature: new Uint8Array(65) })
  const some = (count: number) => Array.from({ length: count }, (_, n) => bytes(n + 1))
  assert.ok(word(some(membersPerChangeMax)))
  for (const removed of [[], some(membersPerChangeMax + 1), some(3).reverse(), [bytes(1), bytes(1)]]) {
    assert.throws(() => word(removed), { code: 'ledger_body_malformed' })
  }
})

test('nobody announces the key of another, and who may not found does not', () => {
  const view = openView()
  const own = willing(1, 1, true)
  const stolen = { ...willing(2, 2, true), body: own.body }
  const otherPerson = { ...account(3, 2, 2), person: person('P9') }
  view.take([stolen, otherPerson, genesis(4, 1, 1, [])])
  assert.deepEqual(dump(view), nothing)
})

test('the view is the same in whatever order entries come, and after some were taken back', () => {
  const all = [
    ...[1, 2, 3].flatMap((n) => [
      willing(n, n, true),
      willing(10 - n, n, n % 2 === 0),
      account(n, n, n),
      account(9, n, n + 3),
    ]),
    genesis(30, 1, 1),
    genesis(29, 2, 2),
    ...[1, 2].flatMap((n) => [chain(n, n, n === 1 ? gnosis : undefined), checkpoint(n, n, n), members(n, n, n)]),
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all), (order, taken) => {
      const view = openView()
      view.take(order)
      assert.deepEqual(view.reducer.retract(taken), [])
      const other = openView()
      other.take(all.filter((entry) => !taken.includes(entry)))
      assert.deepEqual(dump(view), dump(other))
      assert.equal(view.reducer.reset(community), true)
      assert.deepEqual(dump(view), nothing)
    }),
    { numRuns: 12, seed: 5 },
  )
})

test('who writes for ever is kept within a limit', () => {
  const view = openView()
  view.take(Array.from({ length: entriesPerAuthorMax + 20 }, (_, n) => willing(n, 1, n % 2 === 0)))
  const [only, ...others] = view.validators(community)
  assert.equal(only?.atMs, entriesPerAuthorMax + 19)
  assert.equal(others.length, 0)
  view.take(Array.from({ length: genesesMax + 5 }, (_, n) => genesis(n, 1, n)))
  assert.equal(view.geneses(community).length, genesesMax)
})

test('a body of whatever shape is read or refused with its own code', () => {
  const kinds = fc.constantFrom('validator', 'account', 'genesis', 'change', 'members', 'checkpoint', 'chain', 'other')
  fc.assert(
    fc.property(kinds, fc.anything(), (kind, body) => {
      try {
        readAct(kind, body)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ledger_body_malformed')
      }
    }),
    { numRuns: 500, seed: 5 },
  )
  assert.equal(readAct('later', {}), undefined)
  const act = {
    kind: 'validator',
    address: `0x${'ab'.repeat(20)}` as Address,
    willing: true,
    proof: new Uint8Array(65),
  } as const
  assert.deepEqual(readAct('validator', writeBody(act)), act)
})
