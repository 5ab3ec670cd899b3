// The whole over two real libp2p hosts: what a simulated network might hide.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { community, forMember } from '../../../test/support/meet.ts'
import { utf8 } from '../../base/bytes.ts'
import { failure } from '../../identity/testing.ts'
import { issueCertificate } from '../../identity/wire.ts'
import { join, memoryLog, startNetwork, testClock, testRandom } from '../../network/testing.ts'
import { createMeet, type MeetOptions } from './service.ts'

async function start(t: TestContext, options: MeetOptions = {}) {
  const deviceSeed = testRandom.bytes(32)
  const network = await startNetwork(t, { deviceSeed })
  const meet = createMeet(options)({ clock: testClock, random: testRandom, log: memoryLog(), network })
  await meet.start()
  t.after(() => meet.stop())
  const certificate = issueCertificate({ personSecret: testRandom.bytes(32), deviceSeed, issuedMs: testClock.nowMs() })
  return { network, meet, certificate, names: { memberName: 'Ada', deviceName: 'laptop' } }
}

test('over loopback: a code lets a guest in, a wrong one does not, and a request is answered', async (t) => {
  const host = await start(t, { onRequest: ({ note }) => ({ admitted: utf8(note) }) })
  const guest = await start(t)
  await join(guest.network, host.network)
  const request = { ...guest.names, certificate: guest.certificate, kind: 'member' } as const

  const hosting = host.meet.host(forMember, async ({ memberName }) => utf8(`welcome, ${memberName}`))
  const met = await guest.meet.enter(hosting.code, request)
  assert.deepEqual(met, { host: host.network.self, bytes: utf8('welcome, Ada') })
  assert.equal((await hosting.done).delivered, true)

  const second = host.meet.host(forMember, async () => utf8(''))
  const [nameplate, first] = second.code.split('-')
  const wrong = `${nameplate}-${first}-${second.code.endsWith('zoo') ? 'able' : 'zoo'}`
  await failure(() => guest.meet.enter(wrong, request), 'code_wrong')
  await failure(() => guest.meet.enter(second.code, request), 'code_wait')
  second.cancel()
  await failure(() => second.done, 'code_cancelled')

  const peer = { peerId: host.network.self, addresses: host.network.addresses() }
  const answer = await guest.meet.ask(peer, { ...guest.names, certificate: guest.certificate, community, note: 'hi' })
  assert.deepEqual(answer, { state: 'admitted', bytes: utf8('hi') })
})
