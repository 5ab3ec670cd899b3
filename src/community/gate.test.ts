import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import { houseOf, ticketTo } from './admission-testing.ts'
import { createGate, plainAddress } from './gate.ts'
import { keeperAddressCharactersMax, keeperAddressesMax } from './limits.ts'
import type { Hall, Open } from './service.ts'
import type { CommunityRow, Phase } from './store.ts'

const garden = 'aa'.repeat(32) as CommunityId
const ada = 'did:key:zada' as PersonDid
const ben = 'did:key:zben' as PersonDid

/** A hall in which one community is, or none. */
function hallWith(known?: {
  readonly phase: Phase
  readonly person?: PersonDid | undefined
  readonly access?: Uint8Array
}) {
  const done: string[] = []
  const rows: CommunityRow[] = []
  const opened = new Map<CommunityId, Open>()
  const ticket = ticketTo(garden)
  if (known !== undefined) {
    const row = { ...known, id: garden, access: known.access ?? ticket.access } as CommunityRow
    opened.set(garden, { row, joiners: new Set(), room: undefined } as unknown as Open)
  }
  const hall = {
    ...{ opened, identity: { did: ada }, clock: { nowMs: () => 5 }, sync: { nudge: () => done.push('nudge') } },
    store: { put: (row: CommunityRow) => rows.push(row) },
    facts: ({ row }: Open) => ({ ...houseOf(row.id), phase: row.phase }),
    open: async (row: CommunityRow) => ({ row }),
    changed: () => {},
    close: async () => void done.push('close'),
    forget: async () => void done.push('forget'),
    find: () => opened.get(garden),
  } as unknown as Hall
  return { gate: createGate(hall), done, rows, ticket }
}

test('a ticket opens a community that waits for its log, for the person who is here', async () => {
  const { gate, rows, ticket, done } = hallWith()
  const facts = await gate.enter(ticket, 'Ada')
  assert.equal(facts.phase, 'joining')
  const [row] = rows
  assert.deepEqual(row, {
    ...{ id: garden, person: ada, phase: 'joining', access: ticket.access, inviteSeed: undefined, memberName: 'Ada' },
    ...{ peers: [], bytesMax: undefined, addedMs: 5 },
  })
  assert.deepEqual(done, ['nudge'])
})

test('where one is a member already nothing changes', async () => {
  const { gate, rows, ticket } = hallWith({ phase: 'open', person: ada })
  assert.equal((await gate.enter(ticket, 'Ada')).phase, 'open')
  assert.deepEqual(rows, [])
})

test('one comes back with the entries that are here; what was only kept is made anew', async () => {
  for (const phase of ['left', 'removed', 'joining'] as const) {
    const { gate, rows, ticket, done } = hallWith({ phase, person: ada })
    await gate.enter(ticket, 'Ada')
    assert.deepEqual([done[0], rows.length], ['close', 1])
  }
  const kept = hallWith({ phase: 'keeping', person: undefined })
  await kept.gate.enter(kept.ticket, 'Ada')
  assert.equal(kept.done[0], 'forget')
  const others = hallWith({ phase: 'open', person: ben })
  await others.gate.enter(others.ticket, 'Ada')
  assert.deepEqual([others.done[0], others.rows[0]?.person], ['close', ada])
})

test('another access than the community has is refused, and nothing changes', async () => {
  for (const phase of ['left', 'removed', 'keeping'] as const) {
    const { gate, rows, ticket, done } = hallWith({ phase, person: ada, access: new Uint8Array(32) })
    await assert.rejects(gate.enter(ticket, 'Ada'), { code: 'admission_malformed' })
    assert.deepEqual([rows, done], [[], []])
  }
})

test('addresses lose the id at their end, and what is past the limits', () => {
  const peerId = '12D3KooWabc' as PeerId
  const tooLong = '/'.padEnd(keeperAddressCharactersMax + 1, 'x')
  const many = Array.from({ length: keeperAddressesMax + 3 }, (_, at) => `/ip4/10.0.0.${at}/tcp/1/p2p/${peerId}`)
  const { addresses } = plainAddress({ peerId, addresses: [tooLong, `/p2p/${peerId}`, ...many] })
  assert.equal(addresses.length, keeperAddressesMax)
  assert.equal(addresses[0], '/ip4/10.0.0.0/tcp/1')
})
