// Members of the chain follow the community: what validators sign of what their own logs say, liars among them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFunctionData, hashTypedData } from 'viem'
import { createRandom } from '../../../test/sim/random.ts'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { readIsMember, readMemberChanges, readMembers, systemAbi, systemAddress } from '../chain/system-contract.ts'
import { quietLog, testAccount } from '../chain/testing.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { signDigest } from '../evm/crypto.ts'
import { goneAskedMax, membersAtOnce, membersListedMax } from '../limits.ts'
import type { Address } from '../types.ts'
import { changeCall, membersCall, membersDigest } from './contract-calls.ts'
import { createMembership } from './membership.ts'
import { changeToSign, furthestChange } from './membership-core.ts'
import type { Membership, SignedMembers } from './messages.ts'

const [ada, grace, alan, mary] = [0, 1, 2, 3].map((n) => testAccount(n).address) as [Address, Address, Address, Address]

/** A cluster whose validators each have a log of their own: who is gone, and the newest word of each. */
function follow(all: Cluster, gone: (machine: number) => readonly Address[]) {
  const parts = all.running().map(({ number, account }) => {
    const secret = account?.secret
    const node = { submit: (raw: Uint8Array) => all.node(number).submit(raw) }
    return createMembership({ chain: all.chain(number), node, clock: all.clock, log: quietLog, secret })
  })
  const words = new Map<number, SignedMembers>()
  const lies = new Map<number, (honest: SignedMembers | undefined, change: number) => SignedMembers | undefined>()
  /** Everybody looks once, and says what there is to say. */
  async function look(): Promise<readonly Membership[]> {
    const found: Membership[] = []
    for (const [number, one] of parts.entries()) {
      const said = { gone: gone(number), present: [], words: [...words.values()] }
      const now = await one.consider(said)
      const lie = lies.get(number)
      const word = lie === undefined ? now.say : lie(now.say, now.change)
      if (word !== undefined) words.set(number, word)
      found.push(now)
    }
    return found
  }
  /** Looks until what the chain says is so. */
  async function until(isDone: () => Promise<boolean>): Promise<void> {
    for (let looks = 0; looks < 40; looks++) {
      await look()
      await all.pass(1_000)
      if (await isDone()) return
    }
    throw new Error('gave up waiting for the members')
  }
  return { look, until, words, lies, stop: () => parts.forEach((one) => void one.stop()) }
}

async function isMember(all: Cluster, account: Address, by = 0): Promise<boolean> {
  const chain = all.chain(by)
  const state = chain.state(chain.head().hash)
  return state !== undefined && (await readIsMember(state, account))
}

async function changes(all: Cluster): Promise<number> {
  const state = all.chain(0).state(all.chain(0).head().hash)
  return state === undefined ? -1 : readMemberChanges(state)
}

/** Signed by whoever has this key, whatever it is. */
function word(all: Cluster, secret: Uint8Array, of: Omit<SignedMembers, 'signature'>): SignedMembers {
  return { ...of, signature: signDigest(secret, membersDigest(all.genesis.chainId, of)) }
}

test('digest and call are what EIP-712 and the ABI say', async () => {
  const [admitted, removed] = [[ada], [grace, mary].sort()]
  const types = {
    MemberChange: [
      { name: 'change', type: 'uint64' },
      { name: 'admitted', type: 'address[]' },
      { name: 'removed', type: 'address[]' },
    ],
  }
  const domain = { name: 'Peerhood', version: '1', chainId: 9, verifyingContract: systemAddress }
  const message = { change: 4n, admitted, removed }
  const expected = hashTypedData({ domain, types, primaryType: 'MemberChange', message } as never)
  const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const
  assert.equal(hex(membersDigest(9, { change: 4, admitted, removed })), expected)
  const signatures = [new Uint8Array(65).fill(1), new Uint8Array(65).fill(2)]
  const call = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: systemAbi, functionName, args } as never)
  const [signed, next] = [signatures.map(hex), [ada, alan].sort()]
  assert.equal(hex(membersCall({ admitted, removed }, signatures)), call('changeMembers', [admitted, removed, signed]))
  assert.equal(hex(changeCall(next, signatures)), call('changeValidators', [next, signed]))
})

test('who left is taken out once a quorum of logs says so, and not before', async () => {
  const all = await cluster(4).run()
  const knows = new Set([0, 1])
  const { look, until, words, stop } = follow(all, (machine) => (knows.has(machine) ? [ada, mary] : []))
  await look()
  await look()
  await all.pass(30_000)
  // Two of four are no quorum; nobody signs what its own log does not say.
  assert.equal(words.size, 2)
  assert.equal(await isMember(all, ada), true)
  knows.add(2)
  await until(async () => !(await isMember(all, ada)) && !(await isMember(all, mary)))
  assert.equal(await isMember(all, grace), true)
  assert.equal(await changes(all), 1)
  const [standing] = await look()
  assert.deepEqual([standing?.leaving, standing?.say, standing?.members], [[], undefined, 6])
  stop()
})

test('logs that differ meet in what all of them say; the rest follows', async () => {
  const all = await cluster(4).run()
  const gone = [[ada], [ada, grace], [ada, grace], [ada, grace, mary]]
  const { until, look, stop } = follow(all, (machine) => gone[machine] ?? [])
  await until(async () => !(await isMember(all, ada)))
  await until(async () => !(await isMember(all, grace)))
  for (let looks = 0; looks < 5; looks++) await look()
  await all.pass(30_000)
  assert.equal(await isMember(all, mary), true, 'one log alone is no quorum')
  stop()
})

test('a liar makes nobody sign, and does not hold the others up', async () => {
  const all = await cluster(4).run()
  const { until, look, words, lies, stop } = follow(all, () => [ada, grace])
  const secret = all.machine(0).account?.secret ?? new Uint8Array(32)
  let turn = 0
  lies.set(0, (_, change) => {
    turn += 1
    // Who is still a member; somebody let in; half of the truth, another half each time; a signature that is none.
    const lie = [{ removed: [alan] }, { admitted: [testAccount(9).address] }, { removed: [ada] }, { removed: [grace] }]
    const one = { change, admitted: [], removed: [], ...lie[turn % 4] }
    return turn % 5 === 0 ? { ...one, signature: new Uint8Array(65) } : word(all, secret, one)
  })
  await until(async () => !(await isMember(all, ada)) && !(await isMember(all, grace)))
  for (let looks = 0; looks < 8; looks++) await look()
  await all.pass(30_000)
  assert.equal(await isMember(all, alan), true)
  assert.equal(await isMember(all, testAccount(9).address), false)
  for (const [machine, said] of words) if (machine !== 0) assert.ok(!said.removed.includes(alan))
  assert.ok((await changes(all)) <= 2)
  stop()
})

test('a validator in force stays a member, and is named as bound', async () => {
  const all = await cluster(4).run()
  const [validator] = all.genesis.validators
  assert.ok(validator !== undefined)
  const { look, stop } = follow(all, () => [validator])
  const [standing] = await look()
  assert.deepEqual([standing?.bound, standing?.leaving, standing?.say], [[validator], [], undefined])
  stop()
})

test('many go in batches', async () => {
  const many = Array.from({ length: membersAtOnce + 5 }, (_, n) => testAccount(1_000 + n).address).sort()
  const all = await cluster(1, { genesis: { members: [...many, ada, grace, alan, mary].sort() } }).run()
  const { until, look, stop } = follow(all, () => many)
  const [first] = await look()
  assert.equal(first?.say?.removed.length, membersAtOnce)
  await until(async () => {
    const left = await Promise.all(many.map((one) => isMember(all, one)))
    return !left.includes(true)
  })
  assert.equal(await changes(all), 2)
  assert.equal(await isMember(all, ada), true)
  stop()
})

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`seed ${seed}: late logs and liars; who goes is gone by the honest logs of a quorum, and in the end all who left go`, async () => {
    const random = createRandom(`membership ${seed}`)
    const validators = 4 + random.below(4)
    const faults = Math.floor((validators - 1) / 3)
    const all = await cluster(validators, { seed: `membership ${seed}` }).run()
    const leavers = [ada, grace, alan].slice(0, 1 + random.below(3))
    /** When each log hears that each has left: some seconds to a minute later. */
    const hears = all.genesis.validators.map(() => leavers.map(() => random.below(20)))
    let looks = 0
    const knows = (machine: number, leaver: number) => (hears[machine]?.[leaver] ?? 0) <= looks
    const gone = (machine: number) => leavers.filter((_, leaver) => knows(machine, leaver))
    const { until, lies, stop } = follow(all, gone)
    const everybody = [...leavers, mary, ...all.genesis.validators]
    for (let liar = 0; liar < faults; liar++) {
      const secret = all.machine(liar).account?.secret ?? new Uint8Array(32)
      lies.set(liar, (honest, change) => {
        if (random.below(3) === 0) return honest
        const removed = everybody.filter(() => random.below(2) === 0).sort()
        return removed.length === 0 ? undefined : word(all, secret, { change, admitted: [], removed })
      })
    }
    await until(async () => {
      looks += 1
      const left = await Promise.all(leavers.map((one) => isMember(all, one)))
      for (const [leaver, isStill] of left.entries()) {
        const honest = all.genesis.validators.filter((_, machine) => machine >= faults && knows(machine, leaver)).length
        if (!isStill) assert.ok(honest >= quorumOf(validators) - faults, `${honest} honest logs said so`)
      }
      return !left.includes(true)
    })
    for (const one of [mary, ...all.genesis.validators]) assert.equal(await isMember(all, one), true)
    stop()
  })
}

test('whoever names very many accounts makes nobody read more than there are members', async () => {
  const all = await cluster(1).run()
  const named = Array.from({ length: goneAskedMax + 1 }, (_, n) => `0x${n.toString(16).padStart(40, '7')}` as Address)
  const { look, until, stop } = follow(all, () => [...named, mary])
  const chain = all.chain(0)
  const state = chain.state(chain.head().hash)
  assert.ok(state !== undefined)
  assert.equal((await readMembers(state, 2)).length, 2)
  assert.equal((await readMembers(state, membersListedMax)).length, 5)
  const [standing] = await look()
  assert.deepEqual(standing?.leaving, [mary])
  await until(async () => !(await isMember(all, mary)))
  stop()
})

test('whatever is said, what is signed is within one’s own view, and views that are alike pick the same', () => {
  const accounts = Array.from({ length: 6 }, (_, n) => testAccount(n).address).sort()
  const validators = Array.from({ length: 4 }, (_, n) => testAccount(50 + n).address).sort()
  const some = fc.subarray(accounts)
  const said = fc.array(fc.record({ by: fc.nat(5), change: fc.nat(1), admitted: some, removed: some }), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(some, some, said, fc.nat(), (leaving, joining, words, seed) => {
      const view = { change: 0, validators, leaving, joining }
      const signed = words.map((one) => ({ ...one, signature: Uint8Array.of(one.by) }))
      const signerOf = ({ signature }: SignedMembers) => validators[signature[0] ?? 9]
      const found = furthestChange(view, signed, signerOf)
      const other = furthestChange(
        view,
        signed.toSorted((a, b) => ((a.by * seed) % 7) - ((b.by * seed) % 7)),
        signerOf,
      )
      assert.deepEqual(found && [found.removed, found.admitted], other && [other.removed, other.admitted])
      for (const self of validators) {
        const mine = changeToSign(view, found, { self, membersMax: 3 })
        if (mine === undefined) continue
        assert.ok(mine.removed.every((one) => leaving.includes(one)))
        assert.ok(mine.admitted.every((one) => joining.includes(one)))
        assert.ok(mine.removed.length + mine.admitted.length > 0)
      }
      assert.equal(changeToSign(view, found, { self: accounts[0] as Address, membersMax: 3 }), undefined)
    }),
    { seed: 7, numRuns: 200 },
  )
})
