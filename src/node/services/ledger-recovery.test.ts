// Recovery ceremonies over the API, on a ledger that stands: each answer is what its schema says, and whoever may decide is asked.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { z } from 'zod'
import { startApi, testToken } from '../../../test/support/api.ts'
import { stuck } from '../../../test/support/ledger-recovery.ts'
import { routes } from '../../api/all-routes.ts'
import type { Route } from '../../api/route.ts'
import { defineErrors } from '../../base/errors.ts'
import type { KeptRecovery, Ledgers } from '../../ledger/service-types.ts'
import type { Question } from '../../ledger/thread/messages.ts'
import { examine, sign, state } from '../../ledger/thread/recovery.ts'
import type { Address } from '../../ledger/types.ts'
import { createPeerhood } from '../../sdk/client.ts'
import { createLedgerRecoveryServices } from './ledger-recovery.ts'

const id = 'village'
const errors = defineErrors({ passphrase_needed: { kind: 'refused', hint: 'Give it.' } })

async function recoveryApi(context: TestContext, passphrase: boolean) {
  const all = await stuck()
  const { account } = all.machine(0)
  const kept: KeptRecovery[] = []
  const answer = async (question: Question): Promise<unknown> => {
    if (question.what === 'state-recovery') return state(all.chain(0), question.validators)
    if (question.what === 'sign-recovery') return sign(all.chain(0), question.file, account?.secret)
    if (question.what === 'examine-recovery') return examine(all.chain(0), question.file)
    return { status: all.status(0) }
  }
  const ledgers = {
    ask: (_: string, question: Question) => answer(question),
    facts: () => ({ validator: account?.address, accounts: [], willing: [], linked: [], founded: undefined }),
    recovering: {
      kept: () => kept,
      state: (_: string, validators: readonly string[]) =>
        answer({ what: 'state-recovery', validators: validators as readonly Address[] }),
      async confirm(_: string, file: Uint8Array, fingerprint: string) {
        kept.push({ epoch: 1, fingerprint, file, confirmedMs: 5 })
      },
      async forget() {
        kept.pop()
      },
    },
  } as unknown as Ledgers
  const identity = {
    passphrase,
    async phrase(given?: string) {
      if (given !== 'secret') throw errors.passphrase_needed('It is locked.')
      return ''
    },
  }
  const communities = { get: () => ({ state: { members: new Map() } }) } as never
  const ledgerRecovery = createLedgerRecoveryServices({ ledgers, communities, identity })
  const api = await startApi({ wrap: (services) => ({ ...services, ledgerRecovery }) })
  context.after(() => api.close())
  return { all, person: api.client, program: createPeerhood({ url: api.url, token: testToken }) }
}

/** Holds an answer to the row of its route. */
function checked<Value>(key: keyof typeof routes, value: Value): Value {
  const row: Route = routes[key]
  const plain = JSON.parse(JSON.stringify(value))
  assert.deepEqual((row.response as z.ZodType).parse(plain), plain, key)
  return value
}

const base = '/api/communities/:id/ledger/recovery'

test('the person states, signs, confirms; a program looks on', async (context) => {
  const { all, person: me, program } = await recoveryApi(context, false)
  const view = checked(`GET ${base}`, await me.ledger.recovery.get(id))
  assert.deepEqual(
    [view.isNeeded, view.maySign, view.needed, view.bearable, view.height, view.needs],
    [true, true, 2, 1, 2, 'session'],
  )
  assert.match(view.sentence, /^2 of 4 validators are away, and at most 1 may be\./)
  const stated = checked(
    `POST ${base}/statements`,
    await me.ledger.recovery.state(
      id,
      view.candidates.map(({ address }) => address),
    ),
  )
  assert.deepEqual([stated.standing, stated.maySign, stated.validators.length], ['open', true, 2])
  const signed = checked(`POST ${base}/signatures`, await me.ledger.recovery.sign(id, { file: stated.file }))
  assert.deepEqual([signed.standing, signed.maySign, signed.signed.length, signed.needed], ['open', false, 1, 2])
  const other = all.machine(1).account
  const bytes = sign(all.chain(1), Buffer.from(signed.file.slice(2), 'hex'), other?.secret)
  const file = `0x${Buffer.from(bytes).toString('hex')}`
  const whole = checked(`POST ${base}/check`, await program.ledger.recovery.check(id, file))
  assert.deepEqual([whole.standing, whole.missing.map(({ online }) => online)], ['ready', [false, false]])
  const { fingerprint } = whole
  const confirmed = checked(`POST ${base}`, await me.ledger.recovery.confirm(id, { file, fingerprint }))
  assert.deepEqual([confirmed.confirmed[0]?.fingerprint, confirmed.confirmed[0]?.file?.file], [fingerprint, file])
  const refused = { code: 'ledger_recovery_not_confirmed' }
  await assert.rejects(program.ledger.recovery.sign(id, { file }), refused)
  await assert.rejects(program.ledger.recovery.confirm(id, { file, fingerprint }), refused)
  await assert.rejects(program.ledger.recovery.forget(id, { epoch: 1 }), refused)
  assert.deepEqual(checked(`POST ${base}/forget`, await me.ledger.recovery.forget(id, { epoch: 1 })).confirmed, [])
  await assert.rejects(me.ledger.recovery.check(id, '0x1'), { code: 'request_malformed' })
  await assert.rejects(me.ledger.recovery.check(id, '0x01'), { code: 'ledger_recovery_wrong' })
})

test('with a passphrase on the keystore, that too', async (context) => {
  const { person: me } = await recoveryApi(context, true)
  const { candidates, needs } = await me.ledger.recovery.get(id)
  assert.equal(needs, 'passphrase')
  const { file, fingerprint } = await me.ledger.recovery.state(
    id,
    candidates.map(({ address }) => address),
  )
  const needed = { code: 'passphrase_needed' }
  await assert.rejects(me.ledger.recovery.sign(id, { file }), needed)
  await assert.rejects(me.ledger.recovery.confirm(id, { file, fingerprint, passphrase: 'wrong' }), needed)
  const signed = await me.ledger.recovery.sign(id, { file, passphrase: 'secret' })
  assert.equal(signed.signed[0]?.isSelf, true)
})
