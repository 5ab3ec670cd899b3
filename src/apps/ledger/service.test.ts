// The app `ledger` on computers of one community: what one says the others read, and what stays when somebody goes.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import type { AppReducer, Communities, Member, OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { believedIn } from '../../ledger/in-step.ts'
import { accountText, addressOfSecret, signDigest, textDigest } from '../../ledger/keys.ts'
import type { Hash } from '../../ledger/types.ts'
import type { CommunityId, DeviceId, Entry, EntryId } from '../../log/types.ts'
import { createLedgerApp } from './service.ts'

const community = 'c0'.repeat(32) as CommunityId
const secret = (n: number) => new Uint8Array(32).fill(n + 1)
const addressOf = (n: number) => addressOfSecret(secret(n))
const device = (n: number) => n.toString(16).padStart(64, '0') as DeviceId

/** One computer a person; what is said anywhere is everywhere at once. The first is an owner. */
function village(persons: number) {
  const members = new Map<PersonDid, Member>()
  const reducers: AppReducer[] = []
  let arrival = 0
  const roles = new Map([
    ['owner', { name: 'owner', capabilities: ['*'], rank: 3 }],
    ['member', { name: 'member', capabilities: ['post'], rank: 1 }],
  ])
  const computers = Array.from({ length: persons }, (_, n) => {
    const person = `did:key:z6Mk${n}` as PersonDid
    const own = { device: device(n), peerId: `peer-${n}`, name: '', state: 'active', addedMs: 0 }
    const role = n === 0 ? 'owner' : 'member'
    members.set(person, { person, name: `P${n}`, role, state: 'active', devices: [own] } as unknown as Member)
    const communities = {
      register: (reducer: AppReducer) => void reducers.push(reducer),
      on: () => () => {},
      get: () => ({ state: { members, roles }, self: members.get(person) }),
      async append(_: CommunityId, app: string, kind: string, body: unknown) {
        arrival += 1
        const entry = { id: String(arrival) as EntryId, device: device(n), time: { ms: arrival, count: 0 } } as Entry
        const may = () => role === 'owner'
        const read = decode(encode(body))
        const opened = { community, arrival, entry, person, app, kind, body: read, may } as OpenedEntry
        for (const reducer of reducers) reducer.apply([opened])
        return { entry }
      },
    } as unknown as Communities
    const app = createLedgerApp({ views: new DatabaseSync(':memory:'), communities, device: device(n) })
    return { person, app, offer: (willing: boolean) => app.sayWilling(community, { secret: secret(n), willing }) }
  })
  return {
    computers,
    at(n: number) {
      const found = computers[n]
      if (found === undefined) throw new Error(`assertion failed: there is no computer ${n}`)
      return found
    },
    remove(n: number) {
      const person = this.at(n).person
      const member = members.get(person)
      if (member !== undefined) members.set(person, { ...member, state: 'removed' })
    },
    account(n: number, key: number) {
      const { app, person } = this.at(n)
      const proof = signDigest(textDigest(accountText(community, person)), secret(key))
      return app.sayAccount(community, { address: addressOf(key), proof })
    },
  }
}

test('who goes, changes the account or takes an offer back, leaves addresses that are nobody’s', async () => {
  const all = village(3)
  for (const { offer } of all.computers) await offer(true)
  for (const n of [0, 1, 2]) await all.account(n, 10 + n)
  const { app } = all.at(0)
  assert.deepEqual(app.gone(community), [])
  await all.account(1, 20)
  await all.at(2).offer(false)
  const gone = () => app.gone(community).map(({ address }) => address)
  assert.deepEqual(new Set(gone()), new Set([addressOf(11), addressOf(2)]))
  all.remove(1)
  assert.deepEqual(new Set(gone()), new Set([addressOf(11), addressOf(2), addressOf(20), addressOf(1)]))
  // Back at the first account, that one is somebody's again.
  await all.account(2, 30)
  await all.account(2, 12)
  assert.ok(gone().includes(addressOf(30)))
  assert.ok(!gone().includes(addressOf(12)))
})

test('words and checkpoints are read everywhere, and count while their authors are members', async () => {
  const all = village(4)
  for (const { offer } of all.computers) await offer(true)
  const hash = `0x${'ab'.repeat(32)}` as Hash
  const set = { epoch: 2, validators: [0, 1, 2, 3].map(addressOf).sort() }
  const checkpoint = { chainId: 7, genesisHash: hash, height: 9, block: hash, timestamp: 5, set }
  const say = (n: number, block = hash) =>
    all.at(n).app.sayCheckpoint(community, { secret: secret(n), checkpoint: { ...checkpoint, block } })
  await say(0)
  await say(1)
  await say(3, `0x${'cd'.repeat(32)}` as Hash)
  const { app } = all.at(0)
  assert.equal(believedIn(app, community), undefined)
  await say(2)
  assert.deepEqual(believedIn(app, community), checkpoint)
  const word = { change: 0, admitted: [], removed: [addressOf(9)], signature: new Uint8Array(65) }
  await all.at(2).app.sayMembers(community, word)
  assert.deepEqual(app.memberWords(community), [{ person: all.at(2).person, ...word }])
  all.remove(2)
  assert.deepEqual(app.memberWords(community), [])
  assert.equal(app.checkpoints(community).length, 3)
  assert.equal(believedIn(app, community), undefined, 'two of three are not more than two thirds')
})

test('which chain is used is said by whoever may found a ledger', async () => {
  const all = village(2)
  const chain = { chainId: 100, name: 'Gnosis', coin: 'xDAI', symbol: 'xDAI' }
  assert.equal(all.at(1).app.choice(community), undefined)
  await assert.rejects(all.at(1).app.sayChoice(community, chain), { code: 'ledger_not_allowed' })
  await all.at(0).app.sayChoice(community, chain)
  assert.deepEqual(all.at(1).app.choice(community)?.chain, chain)
  await all.at(0).app.sayChoice(community, undefined)
  const { chain: back, person } = all.at(1).app.choice(community) ?? {}
  assert.deepEqual([back, person], [undefined, all.at(0).person])
})
