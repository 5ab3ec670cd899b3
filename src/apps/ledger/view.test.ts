// What the community's log says of its ledger: whatever order entries come in, whatever strangers write.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { transaction } from '../../base/database.ts'
import type { OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { accountText, addressOfSecret, signDigest, textDigest, willingDigest } from '../../ledger/keys.ts'
import type { Address } from '../../ledger/types.ts'
import type { CommunityId, DeviceId, Entry, EntryId } from '../../log/types.ts'
import { foundCapability } from './capability.ts'
import { entriesPerAuthorMax, genesesMax } from './limits.ts'
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

function openView(): LedgerView & { take(entries: readonly OpenedEntry[]): void } {
  const database = new DatabaseSync(':memory:')
  const view = openLedgerView({ database })
  return { ...view, take: (entries) => transaction(database, () => view.reducer.apply(entries)) }
}

function dump(view: LedgerView) {
  return {
    validators: view.validators(community).map(({ author, act }) => [author, act.address, act.willing]),
    accounts: view.accounts(community).map(({ person: by, act }) => [by, act.address]),
    geneses: view.geneses(community).map(({ entry, act }) => [entry, [...act.genesis]]),
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

test('nobody announces the key of another, and who may not found does not', () => {
  const view = openView()
  const own = willing(1, 1, true)
  const stolen = { ...willing(2, 2, true), body: own.body }
  const otherPerson = { ...account(3, 2, 2), person: person('P9') }
  view.take([stolen, otherPerson, genesis(4, 1, 1, [])])
  assert.deepEqual(dump(view), { validators: [], accounts: [], geneses: [] })
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
      assert.deepEqual(dump(view), { validators: [], accounts: [], geneses: [] })
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
  const kinds = fc.constantFrom('validator', 'account', 'genesis', 'change', 'other')
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
