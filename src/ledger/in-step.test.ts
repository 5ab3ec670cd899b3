// Community and chain in step, as the daemon does it: what is asked of the thread, what is written into the log, and how much of it
// anybody can make a computer write.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createManualClock } from '../../test/support/clock.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import type { Announced, SaidCheckpoint, SaidMembers } from './announced.ts'
import { ledgerErrors } from './errors.ts'
import { believedIn, createInStep } from './in-step.ts'
import { checkpointsJudgedMax, memberWordEveryMs, memberWordRetryMs, memberWordsBurst } from './limits.ts'
import type { Membership, Question } from './thread/messages.ts'
import type { Address, Hash } from './types.ts'
import type { Checkpoint } from './validator/types.ts'

const community = 'c'.repeat(64) as CommunityId
const own = `0x${'01'.repeat(20)}` as Address
const other = `0x${'02'.repeat(20)}` as Address
const me = 'did:key:zMe' as PersonDid

function checkpointAt(height: number): Checkpoint {
  const hash = `0x${'a'.repeat(64)}` as Hash
  const set = { epoch: 0, validators: [own] }
  return { chainId: 7, genesisHash: hash, height, block: hash, timestamp: height, set }
}

function world() {
  const clock = createManualClock()
  const written: { members: SaidMembers[]; checkpoints: SaidCheckpoint[] } = { members: [], checkpoints: [] }
  const asked: Question[] = []
  let willing = [{ person: me, device: 'd' as DeviceId, peerId: 'p' as PeerId, address: own, sinceMs: 0 }]
  let membership: Membership = {
    ...{ members: 3, change: 0, joining: 0, leaving: [other], bound: [], signed: 0, needed: 1, say: undefined },
  }
  let judge: (one: Checkpoint) => 'agrees' | 'contradicts' | 'unknown' = () => 'agrees'
  let believe: (one: Checkpoint) => void = () => {}
  const announced = {
    accounts: () => [{ person: me, address: own }],
    gone: () => [{ person: me, address: other }],
    changes: () => [],
    willing: () => willing,
    memberWords: () => written.members,
    checkpoints: () => written.checkpoints,
    async sayMembers(_: CommunityId, word: Omit<SaidMembers, 'person'>) {
      written.members.push({ person: me, ...word })
    },
    async sayCheckpoint(_: CommunityId, { checkpoint }: { checkpoint: Checkpoint }) {
      written.checkpoints.push({ person: me, device: 'd' as DeviceId, address: own, checkpoint })
    },
  } as unknown as Announced
  const warned: string[] = []
  const log = { debug() {}, info() {}, warn: (code: string) => void warned.push(code), error() {}, child: () => log }
  const step = createInStep({
    ...{ community, announced, clock, log, address: own, secret: () => new Uint8Array(32), changed() {} },
    host: {
      state: { kind: 'ready' },
      async ask(question: Question) {
        asked.push(question)
        if (question.what === 'membership') return membership
        if (question.what === 'judge') return question.checkpoints.map(judge)
        if (question.what === 'believe') return believe(question.checkpoint)
        return question.what === 'admit' ? [] : undefined
      },
    } as never,
  })
  async function settled(): Promise<void> {
    for (let turns = 0; turns < 12; turns++) await turn()
  }
  return {
    ...{ step, written, asked, clock, warned, settled, announced },
    async look() {
      step.look()
      await settled()
    },
    set(change: {
      membership?: Partial<Membership>
      willing?: typeof willing
      judge?: typeof judge
      believe?: typeof believe
    }) {
      membership = { ...membership, ...change.membership }
      willing = change.willing ?? willing
      judge = change.judge ?? judge
      believe = change.believe ?? believe
    },
  }
}

const word = (n: number) => ({
  ...{ change: n, admitted: [], removed: [other], signature: new Uint8Array(65) },
})

test('what the thread answers is said once, and nobody makes it say more than its budget', async () => {
  const { step, written, look, set, settled, clock } = world()
  set({ membership: { say: word(0) } })
  await look()
  await look()
  assert.equal(written.members.length, 1)
  // Somebody goes and comes over and over.
  for (let n = 1; n <= 3 * memberWordsBurst; n++) {
    set({ membership: { say: word(n) } })
    await look()
  }
  assert.equal(written.members.length, memberWordsBurst)
  // What had to wait is said later, by itself, with what came together since.
  for (let passed = 0; passed < memberWordEveryMs + memberWordRetryMs; passed += memberWordRetryMs) {
    clock.advance(memberWordRetryMs)
    await settled()
  }
  assert.equal(written.members.length, memberWordsBurst + 1)
  assert.equal(written.members.at(-1)?.change, 3 * memberWordsBurst)
  step.stop()
  assert.equal(clock.waiting, 0)
})

test('each block is looked at while somebody is due, and none when nobody is', async () => {
  const { step, asked, set, settled } = world()
  const looks = () => asked.filter(({ what }) => what === 'membership').length
  step.head(1)
  await settled()
  step.head(2)
  await settled()
  assert.equal(looks(), 2)
  set({ membership: { leaving: [] } })
  step.head(3)
  await settled()
  step.head(4)
  await settled()
  assert.equal(looks(), 3)
})

test('a checkpoint is told by computers that would validate, once, and believed when enough say it', async () => {
  const { step, written, look, asked, announced, set, settled } = world()
  step.tell(checkpointAt(5))
  step.tell(checkpointAt(5))
  step.tell(checkpointAt(4))
  await settled()
  assert.deepEqual(
    written.checkpoints.map(({ checkpoint }) => checkpoint.height),
    [5],
  )
  assert.equal(believedIn(announced, community)?.height, 5)
  await look()
  await look()
  assert.equal(asked.filter(({ what }) => what === 'believe').length, 1)
  assert.deepEqual(
    step.standing.judged.map(({ verdict }) => verdict),
    ['agrees'],
  )
  set({ willing: [] })
  step.tell(checkpointAt(6))
  await settled()
  assert.equal(written.checkpoints.length, 1)
  assert.equal(believedIn(announced, community), undefined)
})

test('what contradicts the chain is named once, and a majority that does is refused', async () => {
  const { step, look, set, warned, written, settled } = world()
  const code = 'ledger_checkpoint_contradicted'
  set({
    judge: () => 'contradicts',
    believe() {
      throw ledgerErrors.ledger_none('It is another.')
    },
  })
  step.tell(checkpointAt(5))
  await settled()
  await look()
  await look()
  assert.equal(warned.filter((one) => one === code).length, 1)
  assert.deepEqual(step.standing.refused, { code: 'ledger_none', sentence: 'It is another.' })
  const [first] = written.checkpoints
  assert.ok(first !== undefined)
  for (let n = 0; n < checkpointsJudgedMax + 9; n++)
    written.checkpoints.push({ ...first, checkpoint: checkpointAt(n + 9) })
  await look()
  assert.equal(step.standing.judged.length, checkpointsJudgedMax)
})
