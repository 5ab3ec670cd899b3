// What the person confirms counts, once and for good; nothing else does. On a chain that stands, and a store on disk.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { recovered, signed, signedBy, stuck } from '../../test/support/ledger-recovery.ts'
import type { CommunityId } from '../log/types.ts'
import { chainErrors } from './chain/errors.ts'
import { ledgerErrors } from './errors.ts'
import { recoveriesMax } from './limits.ts'
import { createRecovering } from './recovering.ts'
import { createLedgerStore } from './store.ts'
import type { Question } from './thread/messages.ts'
import { examine, sign, state } from './thread/recovery.ts'
import { decodeRecovery, encodeRecovery, type Recovery } from './validator/recovery-wire.ts'

const village = 'village' as CommunityId

async function world() {
  const all = await stuck()
  const database = new DatabaseSync(':memory:')
  const store = createLedgerStore(database)
  const [here, other] = [all.machine(0), all.machine(1)]
  let opened = 0
  /** What opening it with a recovery comes to, and what asking it then says. */
  let fails: Error | undefined
  let failure: Error | undefined
  const offers = [4, 5].map((number) => ({ peerId: `peer-${number}`, address: all.machine(number).account?.address }))
  const answer = async (question: Question): Promise<unknown> => {
    if (failure !== undefined) throw failure
    if (question.what === 'status') return { status: all.status(0) }
    if (question.what === 'state-recovery') return state(all.chain(0), question.validators)
    if (question.what === 'examine-recovery') return examine(all.chain(0), question.file)
    throw new Error('assertion failed: nobody asks that')
  }
  const recovering = createRecovering({
    ...{ clock: all.clock, store, ask: async (_, question) => (await answer(question)) as never },
    announced: { willing: () => offers as never },
    self: () => ({ peerId: 'here', address: all.chain(0).validators().validators[0] ?? ('0x' as never) }),
    async reopen() {
      opened += 1
      failure = store.recoveries(village).length === 0 ? undefined : fails
    },
  })
  const fingerprintOf = (file: Uint8Array) => examine(all.chain(0), file).fingerprint
  const confirm = (recovery: Recovery, fingerprint = fingerprintOf(encodeRecovery(recovery))) =>
    recovering.confirm(village, encodeRecovery(recovery), fingerprint)
  const fail = (error: Error | undefined) => {
    fails = error
  }
  return { all, here, other, store, database, recovering, confirm, fingerprintOf, fail, opened: () => opened }
}

test('stated by name, signed by two, confirmed by the fingerprint: kept, and opened with', async () => {
  const { all, here, other, recovering, database, fingerprintOf, opened } = await world()
  await assert.rejects(recovering.state(village, ['here', 'peer-9']), { code: 'ledger_validator_unknown' })
  let file = await recovering.state(village, ['here', 'peer-1', 'peer-4', 'peer-5'])
  assert.equal(decodeRecovery(file).statement.set.validators.length, 4)
  for (const { number, account } of [here, other]) file = sign(all.chain(number), file, account?.secret)
  assert.throws(() => sign(all.chain(4), file, all.machine(4).account?.secret), { code: 'ledger_recovery_wrong' })
  assert.throws(() => sign(all.chain(0), file, undefined), { code: 'ledger_recovery_wrong' })
  const fingerprint = fingerprintOf(file)
  for (const wrong of ['', '0000', fingerprint.slice(1), `${fingerprint} 0000`]) {
    await assert.rejects(recovering.confirm(village, file, wrong), { code: 'ledger_fingerprint_other' })
  }
  await recovering.confirm(village, file, ` ${fingerprint.toUpperCase().replaceAll(' ', '-')} `)
  const [kept, ...others] = createLedgerStore(database).recoveries(village)
  assert.deepEqual([kept?.epoch, kept?.fingerprint, kept?.file, others], [1, fingerprint, file, []])
  assert.equal(opened(), 1)
})

test('what is forged, too little, too much, about something else, or not the one that was confirmed', async () => {
  const { all, store, recovering, confirm, opened } = await world()
  const good = signed(all, [0, 1])
  const another = signed(all, [0, 1], [0, 1, 4])
  const { statement } = good
  const refused: readonly Recovery[] = [
    { ...good, signatures: [] },
    { ...good, signatures: good.signatures.slice(1) },
    { ...good, signatures: another.signatures },
    signedBy(good, [110, 111]),
    signedBy(good, [100, 100]),
    signedBy(good, [100, 101, 102]),
    signedBy({ ...good, statement: { ...statement, height: 1 } }, [100, 101]),
    signedBy({ ...good, statement: { ...statement, block: statement.genesisHash } }, [100, 101]),
    signedBy({ ...good, statement: { ...statement, genesisHash: statement.block } }, [100, 101]),
    signedBy({ ...good, statement: { ...statement, chainId: 7 } }, [100, 101]),
  ]
  for (const one of refused) await assert.rejects(confirm(one), { code: 'ledger_recovery_refused' })
  assert.deepEqual([store.recoveries(village), opened()], [[], 0])

  await confirm(good)
  await assert.rejects(confirm(another), { code: 'ledger_recovery_other' })
  // Nothing went on by it yet.
  await recovering.forget(village, 1)
  await assert.rejects(recovering.forget(village, 1), { code: 'ledger_recovery_none' })
  await confirm(another)
  await recovering.forget(village, 1)
  await confirm(good)
  await recovered(all, [good])
  const before = opened()
  // Again, old ones, and others for the same epoch: too late.
  await confirm(good)
  assert.equal(opened(), before)
  await assert.rejects(confirm(another), { code: 'ledger_recovery_other' })
  await assert.rejects(recovering.forget(village, 1), { code: 'ledger_recovery_taken' })
  store.removeRecovery(village, 1)
  await assert.rejects(confirm(another), { code: 'ledger_recovery_refused' })
})

test('where the chain went on in that very moment, it is opened again without', async () => {
  const { all, store, confirm, fail, opened } = await world()
  const good = signed(all, [0, 1])
  fail(chainErrors.recovery_wrong('It went on.'))
  await assert.rejects(confirm(good), { code: 'ledger_recovery_refused', message: 'It went on.' })
  assert.deepEqual([store.recoveries(village), opened()], [[], 2])
  fail(ledgerErrors.ledger_late('It is slow.'))
  await assert.rejects(confirm(good), { code: 'ledger_late' })
  assert.equal(store.recoveries(village).length, 1, 'that says nothing about it')
})

test('one whose chain is not there yet is kept as well, up to a limit', async () => {
  const { all, store, recovering, confirm, fingerprintOf } = await world()
  const good = signed(all, [0, 1])
  const later = (epoch: number): Recovery => ({
    ...good,
    statement: { ...good.statement, height: 9, set: { ...good.statement.set, epoch } },
  })
  for (let epoch = 1; epoch <= recoveriesMax; epoch++) {
    store.putRecovery(village, { epoch, fingerprint: `${epoch}`, file: new Uint8Array(1), confirmedMs: 0 })
  }
  await assert.rejects(confirm(later(recoveriesMax + 1)), { code: 'ledger_recoveries_many' })
  store.removeRecovery(village, recoveriesMax)
  await confirm(later(recoveriesMax))
  const kept = recovering.kept(village).at(-1)
  assert.equal(kept?.fingerprint, fingerprintOf(encodeRecovery(later(recoveriesMax))))
})
