import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { openIdentity } from '../../identity/service.ts'
import { createLog, systemClock, systemRandom } from '../adapters.ts'
import { Notices } from '../notices.ts'
import { temporaryHome } from '../testing.ts'
import { createIdentityServices } from './identity.ts'

test('what a restore put aside, and what a lock could not open, are told in notices', async (t) => {
  const parts = { clock: systemClock, random: systemRandom, log: createLog([]) }
  const open = (home: string) => openIdentity({ home, deviceName: 'desk', scryptLog2N: 14 })(parts)
  const identity = await open(temporaryHome(t).folder)
  const other = await open(temporaryHome(t).folder)
  const notices = new Notices()
  let changes = 0
  const services = createIdentityServices({ identity, notices, changed: () => void changes++ })
  const noticeOf = (code: string) => notices.list().find((notice) => notice.code === code)

  const { did } = await services.restore(await other.phrase(), undefined)
  assert.equal(did, other.did)
  const path = /put aside in (.*)\.$/.exec(noticeOf('identity_replaced')?.sentence ?? '')?.[1] ?? ''
  writeFileSync(path, 'no keystore')
  const locked = await services.lock('open sesame', undefined)
  assert.equal(locked.passphrase, true)
  const left = noticeOf('identities_left_unlocked')
  assert.ok(left !== undefined)
  assert.ok(left.sentence.includes(`could not be opened or written, and were left as they are: ${path}`))
  assert.match(left.advice ?? '', /The log says why/)
  assert.equal(changes, 2)
})
