// Keys for everybody who may read, and nobody else: small cases. keyring-life.test.ts has a thousand random communities.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../../test/sim/random.ts'
import type { Entry, EntryId, KeyId } from '../log/types.ts'
import { owedKeys, predecessorsOf } from './keyring-core.ts'
import { generateEpochKey, keyIdOf } from './keys.ts'
import { chainListsMax, controlCandidatesMax, inviteSecretsMax, previousKeysMax } from './limits.ts'
import { type Node, World } from './sealed-testing.ts'

const histories = ['all', 'since-joining'] as const

function worldOf(seed: string, history: 'all' | 'since-joining') {
  const world = new World(createRandom(seed))
  return { world, ann: world.found('ann', history) }
}

/** Lets somebody in by an invitation of their own. */
function joined(world: World, host: Node, name: string, role = 'member'): Node {
  const node = world.node(name)
  const invite = host.invite(`${name} by ${host.name}`, role, 1)
  node.hear(host)
  assert.ok(node.join(invite))
  host.hear(node)
  return node
}

describe('a key', () => {
  test('from an invitation opens what was written since it, and with `all` everything', () => {
    for (const history of histories) {
      const { world, ann } = worldOf('invitation', history)
      const early = ann.say('early')
      ann.rotate()
      const bob = joined(world, ann, 'bob')
      const late = ann.say('late')
      bob.hear(ann)
      assert.equal(bob.read(late)?.body, 'late')
      assert.equal(bob.read(early)?.body, history === 'all' ? 'early' : undefined)
      assert.equal(bob.unopened, 0, 'all acts are readable in any case')
    }
  })

  test('is a new one after a removal, which the removed does not get, but sees why', () => {
    const { world, ann } = worldOf('removal', 'all')
    const [bob, cid] = [joined(world, ann, 'bob'), joined(world, ann, 'cid')]
    ann.act({ kind: 'remove', person: cid.person })
    assert.equal(ann.state.writingKey, undefined)
    const secret = ann.say('without cid')
    bob.hear(ann)
    cid.hear(ann)
    assert.equal(bob.read(secret)?.body, 'without cid')
    assert.equal(cid.read(secret), undefined)
    assert.equal(cid.state.members.get(cid.person)?.state, 'removed')
  })

  test('of an open invitation is not sealed any more once somebody who came by it is removed', () => {
    const { world, ann } = worldOf('poster', 'all')
    const poster = ann.invite('poster', 'member', 100)
    const cid = world.node('cid')
    cid.hear(ann)
    assert.ok(cid.join(poster))
    ann.hear(cid)
    ann.act({ kind: 'remove', person: cid.person })
    const secret = ann.say('without cid')
    assert.equal(ann.state.invites.get(poster.id)?.state, 'revoked')
    cid.hear(ann)
    assert.equal(cid.read(secret), undefined)
  })

  test('reaches a new device of one who has none but that, also for what was before', () => {
    const { world, ann } = worldOf('device', 'since-joining')
    const [early] = [ann.say('early'), ann.rotate()]
    const second = world.node('ann.2')
    ann.act({ kind: 'device', certificate: second.certificate, deviceName: 'two' }, { devices: [second.device] })
    second.hear(ann)
    assert.equal(second.read(early), undefined)
    ann.payDebts()
    second.hear(ann)
    assert.equal(second.read(early)?.body, 'early')
    assert.equal(ann.payDebts(), false, 'nothing is owed twice')
  })

  test('made at the same time as an invitation reaches whoever comes by it', () => {
    const { world, ann } = worldOf('same time', 'since-joining')
    const bob = joined(world, ann, 'bob', 'admin')
    const invite = bob.invite('cid', 'member', 1)
    ann.rotate()
    const said = ann.say('at the same time')
    bob.hear(ann)
    const cid = world.node('cid')
    cid.hear(bob)
    assert.equal(cid.join(invite), false, 'it lacks the newest key')
    assert.ok(bob.payDebts())
    cid.hear(bob)
    assert.ok(cid.join(invite))
    assert.equal(cid.read(said)?.body, 'at the same time')
  })

  test('made at the same time as an admission is owed, also after others sealed it to more invitations', () => {
    const { world, ann } = worldOf('admission', 'all')
    const bob = joined(world, ann, 'bob', 'admin')
    const cid = world.node('cid')
    const admission = { kind: 'admit', role: 'member', memberName: 'cid', deviceName: 'one' } as const
    ann.act({ ...admission, certificate: cid.certificate }, { devices: [cid.device] })
    const { key, epoch } = bob.rotate()
    ann.hear(bob)
    // More lockboxes with the new key, but none for cid.
    ann.write({ kind: 'rotate', previous: [], unread: [] }, { key, epoch })
    assert.deepEqual([...owedKeys(ann.resolution)], [[cid.device, [key]]])
    ann.payDebts()
    cid.hear(ann)
    assert.equal(cid.keyring.holds(key), 'whole')
    assert.equal(owedKeys(cid.resolution).size, 0)
  })

  test('that does not match its id is not taken', () => {
    const { world, ann } = worldOf('other', 'all')
    const boxes = ann.keyring.boxesFor(generateEpochKey(world.random), { devices: [ann.device] })[0]
    assert.ok(boxes)
    assert.deepEqual(ann.keyring.meet({ id: '1' as EntryId, key: 'ab'.repeat(16) as KeyId, boxes }), [])
    assert.deepEqual(
      ann.keyring.meet({ id: '2' as EntryId, key: 'ab'.repeat(16) as KeyId, boxes: boxes.slice(1) }),
      [],
      'nor nonsense',
    )
  })

  test('is kept over a restart, also the part that opens acts only', () => {
    const { world, ann } = worldOf('restart', 'since-joining')
    const [early] = [ann.say('early'), ann.rotate()]
    const bob = joined(world, ann, 'bob')
    const again = bob.restarted()
    assert.equal(again.unopened, 0)
    assert.equal(again.keyring.holds(early.key), 'control')
    assert.equal(again.read(early), undefined)
    assert.deepEqual(again.keyring.export(), bob.keyring.export())
    const grant = ann.keyring.grantFor(bob.device, [early.key])
    assert.ok(grant)
    assert.deepEqual(again.keyring.learn(early, grant), [early.key])
    assert.equal(again.read(early)?.body, 'early')
  })
})

describe('liars', () => {
  test('hand on wrong control keys: several are tried, within a limit', () => {
    const { world, ann } = worldOf('wrong', 'since-joining')
    const old = ann.state.writingKey
    assert.ok(old)
    ann.rotate()
    const bob = joined(world, ann, 'bob')
    const cid = world.node('cid')
    const fresh = generateEpochKey(world.random)
    cid.keyring.add(fresh)
    // What cid is told of the old key is another one, again and again.
    const liar = worldOf('liar', 'all').ann
    for (let lie = 0; lie < controlCandidatesMax + 5; lie++) {
      liar.keyring.import([{ key: old.key, whole: undefined, controls: [world.random.bytes(32)], chains: [] }])
      const { acts } = liar.keyring.rotation(
        {
          recipients: { devices: [cid.device], invites: [] },
          predecessors: { first: [{ key: old.key, whole: true }], rest: [] },
          unread: [],
        },
        fresh,
      )
      for (const act of acts) cid.keyring.learn({ key: keyIdOf(fresh) }, act)
    }
    const held = cid.keyring.export().find(({ key }) => key === old.key)
    assert.equal(held?.controls.length, controlCandidatesMax)
    const { acts } = bob.keyring.rotation(
      {
        recipients: { devices: [cid.device], invites: [] },
        predecessors: { first: [{ key: old.key, whole: false }], rest: [] },
        unread: [],
      },
      fresh,
    )
    for (const act of acts) cid.keyring.learn({ key: keyIdOf(fresh) }, act)
    const founding = [...world.entries.values()][0] as Entry
    assert.equal(cid.keyring.open(founding)?.kind, 'found')
    const pinned = cid.keyring.export().find(({ key }) => key === old.key)
    assert.equal(pinned?.controls.length, 1, 'the one that opened is kept, and no other')
  })

  test('send many lists for a key that is here in part: few are kept', () => {
    const { ann } = worldOf('lists', 'all')
    const key = 'cd'.repeat(16) as KeyId
    ann.keyring.import([{ key, whole: undefined, controls: [new Uint8Array(32)], chains: [] }])
    const previous = [{ key, control: new Uint8Array(60), whole: undefined }]
    for (let list = 0; list < chainListsMax + 3; list++)
      ann.keyring.learn({ key }, { kind: 'rotate', previous, unread: [] })
    assert.equal(ann.keyring.export().find((one) => one.key === key)?.chains.length, chainListsMax)
  })
})

describe('limits', () => {
  test('a rotation names what no list reaches; what does not fit goes with further entries', () => {
    const { world, ann } = worldOf('many keys', 'all')
    // As after a long split: many keys of which no later one tells.
    for (let epoch = 1; epoch <= previousKeysMax + 5; epoch++) {
      const key = generateEpochKey(world.random)
      ann.keyring.add(key)
      ann.write({ kind: 'rotate', previous: [], unread: [] }, { key: keyIdOf(key), epoch })
    }
    const { first, rest } = predecessorsOf(ann.resolution, (key) => ann.keyring.holds(key))
    assert.equal(first.length, previousKeysMax)
    assert.equal(rest.length, 6)
    ann.rotate()
    const after = predecessorsOf(ann.resolution, (key) => ann.keyring.holds(key))
    assert.equal(after.first.length, 1, 'the newest reaches all')
    const bob = joined(world, ann, 'bob')
    assert.equal(bob.state.keys.length, previousKeysMax + 7)
    assert.ok(bob.state.keys.every(({ key }) => bob.keyring.holds(key) === 'whole'))
  })

  test('secrets of invitations: the oldest is forgotten', () => {
    const { world, ann } = worldOf('secrets', 'all')
    const invite = ann.invite('first', 'member', 1)
    const bob = world.node('bob')
    bob.keyring.addInvite(invite.seed)
    for (let more = 0; more < inviteSecretsMax; more++) bob.keyring.addInvite(world.random.bytes(32))
    bob.hear(ann)
    assert.equal(bob.acts.size, 0)
  })
})
