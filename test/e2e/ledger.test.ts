// A community that runs its own chain, as processes: four validators found it, one dies and comes back, all die and come back, a
// fifth member follows; balances agree, and nobody is ever told another one.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createWalletClient, defineChain, http, parseEther } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import type { Ledger, LedgerProven } from '../../src/sdk/types.ts'
import type { Peer } from '../support/daemon.ts'
import { onlyObject, peersOf, until as untilOften } from './support.ts'

/** Four daemons and their threads start on two cores, which others may use as well. */
const patienceMs = 60_000
const bread = (amount: string) => parseEther(amount).toString()
const stranger = `0x${'ab'.repeat(20)}`
const forgotten = `0x${'cd'.repeat(20)}`

/** Looks a few times a second: each look asks several daemons, which have to get on. */
function until(what: string, look: () => Promise<boolean>): Promise<boolean> {
  const rested = async () => (await look()) || (await wait(200, false))
  return untilOften(what, rested, patienceMs)
}

async function ledgerOf(peer: Peer, community: string): Promise<Ledger> {
  return peer.client.ledger.get(community)
}

const heightOf = async (peer: Peer, community: string) => (await ledgerOf(peer, community)).chain?.height ?? -1

async function balanceOf(peer: Peer, community: string, address: string): Promise<string> {
  return (await peer.client.ledger.account(community, address)).balance
}

/** Signed outside of Peerhood, sent as any wallet would. */
async function pay(peer: Peer, ledger: Ledger, to: string, amount: string): Promise<string> {
  const { founded, rpc } = ledger
  assert.ok(founded !== null)
  const chain = defineChain({
    ...{ id: founded.chainId, name: founded.name, rpcUrls: { default: { http: [rpc] } } },
    nativeCurrency: { ...founded.coin, decimals: 18 },
  })
  const account = mnemonicToAccount(await peer.client.identity.phrase())
  const wallet = createWalletClient({ account, chain, transport: http(rpc) })
  return wallet.sendTransaction({ to: to as `0x${string}`, value: parseEther(amount) })
}

async function found(peers: ReturnType<typeof peersOf>, validators: number) {
  const all = await Promise.all(Array.from({ length: validators }, () => peers.start()))
  const [first] = all
  assert.ok(first !== undefined)
  const { id: community } = await first.client.communities.found({ name: 'Village', memberName: 'Ada' })
  for (const [place, peer] of all.entries()) {
    if (place > 0) await join_(first, peer, community, `Member${place}`)
  }
  await Promise.all(all.map((peer) => peer.client.ledger.offer(community, { validate: true })))
  await until('all offers are known', async () => {
    const { validators: offers, accounts } = await ledgerOf(first, community)
    return offers.length === validators && accounts === validators
  })
  const made = await first.run('ledger', 'found', '--coin', 'BREAD', '--supply', '1000', '--json')
  assert.equal(made.code, 0, made.stderr)
  await until('everybody has opened it', async () => {
    const states = await Promise.all(all.map((peer) => ledgerOf(peer, community)))
    return states.every(({ state, chain }) => state === 'running' && chain?.peers === validators - 1)
  })
  return { community, all }
}

async function join_(founder: Peer, peer: Peer, community: string, memberName: string): Promise<void> {
  const { link } = await founder.client.communities.invite(community)
  await peer.client.communities.join({ link, memberName })
}

test('four validators: payments, one that dies, all that die, and a fifth member who follows', async (t) => {
  const peers = peersOf(t)
  const { community, all } = await found(peers, 4)
  const [ada, grace, alan, mary] = all
  assert.ok(ada !== undefined && grace !== undefined && alan !== undefined && mary !== undefined)
  const ledger = await ledgerOf(grace, community)
  assert.equal(ledger.chain?.trusted, false)
  assert.deepEqual([ledger.chain?.quorum, ledger.validators.filter(({ inSet }) => inSet).length], [3, 4])

  await t.test('a payment from a wallet outside, one by the command line', async () => {
    const hash = await pay(ada, await ledgerOf(ada, community), stranger, '100')
    await until('it is final everywhere', async () => {
      const found = await Promise.all(all.map((peer) => balanceOf(peer, community, stranger)))
      return found.every((balance) => balance === bread('100'))
    })
    assert.equal((await mary.client.ledger.transaction(community, hash)).state, 'done')
    const sent = await ada.run('ledger', 'send', 'Member1', '5', '--yes', '--json')
    assert.equal(sent.code, 0, sent.stderr)
    const { account } = await ledgerOf(grace, community)
    await until('it is there', async () => (await balanceOf(grace, community, account ?? '')) === bread('5'))
    assert.match((await grace.run('ledger', 'balance')).stdout, /^5 BREAD\n/)
    const file = join(peers.folder(), 'payment.json')
    assert.equal((await alan.run('ledger', 'prove', hash, '--to', file)).code, 0)
    const proven = onlyObject<LedgerProven>(await mary.run('ledger', 'check', file, '--json'))
    assert.deepEqual([proven.claim.kind, proven.validators, proven.community], ['transaction', 4, community])
  })

  await t.test('one is killed, the others go on, it comes back and catches up', async () => {
    await mary.kill()
    await pay(ada, await ledgerOf(ada, community), stranger, '1')
    await until('three go on', async () => (await balanceOf(grace, community, stranger)) === bread('101'))
    assert.match((await ada.run('ledger', 'status')).stdout, /\nmissing +Member3 /)
    all[3] = await peers.restart(mary)
    const back = all[3]
    await until('it is level', async () => (await heightOf(back, community)) === (await heightOf(ada, community)))
    assert.equal(await balanceOf(back, community, stranger), bread('101'))
  })

  await t.test('all are killed and start again, a fifth member follows', async () => {
    // What one was told to be taken while nobody else was there, and what waits for its person, is there after it was killed.
    const waits = await ada.client.wallet.propose(community, { kind: 'send', to: stranger, amount: '9' })
    await Promise.all(all.slice(1).map((peer) => peer.kill()))
    await pay(ada, await ledgerOf(ada, community), forgotten, '0.5')
    await ada.kill()
    const again = await Promise.all(all.map((peer) => peers.restart(peer)))
    all.splice(0, 4, ...again)
    const [first, ...others] = again
    assert.ok(first !== undefined)
    await until('it is paid', async () => {
      const { state } = await ledgerOf(first, community)
      return state === 'running' && (await balanceOf(first, community, forgotten)) === bread('0.5')
    })
    const asked = await first.client.wallet.request(community, waits.id)
    assert.deepEqual([asked.state, asked.expiresMs], ['waiting', waits.expiresMs])
    assert.equal((await first.run('ledger', 'refuse', waits.id)).code, 0)
    const fifth = await peers.start()
    await join_(first, fifth, community, 'Fifth')
    await until('it is running', async () => (await ledgerOf(first, community)).state === 'running')
    await pay(first, await ledgerOf(first, community), stranger, '2')
    await until('everybody has it', async () => {
      const found = await Promise.all([...others, fifth].map((peer) => balanceOf(peer, community, stranger)))
      return found.every((balance) => balance === bread('103'))
    })
    const view = await ledgerOf(fifth, community)
    assert.equal(view.chain?.voting.kind, 'follower')
    const own = view.account ?? ''
    await pay(first, await ledgerOf(first, community), own, '3')
    await until('it is paid', async () => (await balanceOf(fifth, community, own)) === bread('3'))
    // A validator lets the newcomer's account in, so that it pays no fee.
    const mayPay = () => pay(fifth, view, stranger, '1').then(Boolean, () => false)
    await until('it may pay', mayPay)
    await until('it is final', async () => (await balanceOf(first, community, stranger)) === bread('104'))

    // In light mode it holds no blocks: balance, a wallet over its RPC address, the command line, all by what others prove.
    assert.equal((await fifth.run('ledger', 'settings', '--mode', 'light')).code, 0)
    const byProof = async () => (await fifth.run('ledger', 'balance')).stdout
    await until('its balance is proven', async () => (await byProof()) === '2 BREAD\n')
    await pay(fifth, await ledgerOf(fifth, community), stranger, '0.5')
    await until('it is final', async () => (await balanceOf(first, community, stranger)) === bread('104.5'))
    const sent = await fifth.run('ledger', 'send', stranger, '0.25', '--yes', '--json')
    assert.equal(sent.code, 0, sent.stderr)
    await until('it is final', async () => (await balanceOf(first, community, stranger)) === bread('104.75'))
    const told = async () => (await fifth.run('ledger', 'history')).stdout
    await until('its history has all of it', async () =>
      /0\.25 BREAD[\s\S]*0\.5 BREAD[\s\S]*3 BREAD/.test(await told()),
    )
    assert.match((await fifth.run('ledger', 'receive')).stdout, /ethereum:0x/)

    // Removed from the community, it is taken out of the chain's members too: the validators sign it by themselves.
    const members = async (peer: Peer) => (await peer.client.ledger.members(community)).members
    assert.equal((await members(first)).find(({ address }) => address === own)?.state, 'member')
    const { person } = (await first.client.communities.members(community)).find(({ name }) => name === 'Fifth') ?? {}
    await first.client.communities.removeMember(community, person ?? '')
    await until('it transacts free no more', async () => !(await members(first)).some(({ address }) => address === own))
    await until('that is known', async () => (await ledgerOf(first, community)).membership?.members === 8)
    const listed = await first.run('ledger', 'members')
    assert.match(listed.stdout, /^8 accounts transact free\.\n\nADDRESS +WHOSE +STATE /, listed.stderr)
    assert.match((await first.run('ledger', 'status')).stdout, /\nmembers +8 accounts transact free\.\n/)
    const refused = pay(fifth, await ledgerOf(first, community), stranger, '1')
    await assert.rejects(refused, /member/)
  })

  await t.test('two are gone for good: the other two confirm a recovery and go on', async () => {
    const [first, second, third, last] = all
    assert.ok(first !== undefined && second !== undefined && third !== undefined && last !== undefined)
    await Promise.all([third.kill(), last.kill()])
    const left = [first, second]
    await until('they see it, and name the same block', async () => {
      const seen = await Promise.all(left.map((peer) => peer.client.ledger.recovery.get(community)))
      const isOne = new Set(seen.map(({ block }) => block)).size === 1
      return isOne && seen.every(({ isNeeded, candidates }) => isNeeded && candidates.length === 2)
    })
    const file = join(peers.folder(), 'village.recovery')
    const addresses = await Promise.all(left.map(async (peer) => (await ledgerOf(peer, community)).validator))
    const stated = await first.run('ledger', 'recovery', 'state', '--validators', ...addresses, '--to', file)
    assert.equal(stated.code, 0, stated.stderr)
    const signed = await first.run('ledger', 'recovery', 'sign', file, '--yes')
    assert.equal(signed.code, 0, signed.stderr)
    const once = `0x${readFileSync(file).toString('hex')}`
    const shown = await second.client.ledger.recovery.sign(community, { file: once })
    assert.deepEqual([shown.standing, shown.signed.length, shown.missing.length], ['ready', 2, 2])
    writeFileSync(file, Buffer.from(shown.file.slice(2), 'hex'))
    const confirmed = await first.run('ledger', 'recovery', 'confirm', file, '--fingerprint', shown.fingerprint)
    assert.equal(confirmed.code, 0, confirmed.stderr)
    const confirm = (peer: Peer) =>
      peer.client.ledger.recovery.confirm(community, { file: shown.file, fingerprint: shown.fingerprint })
    await confirm(second)
    const hash = await pay(first, await ledgerOf(first, community), stranger, '1')
    await until('it is final in the new epoch', async () => {
      const states = await Promise.all(left.map((peer) => ledgerOf(peer, community)))
      return states.every(({ chain }) => chain?.epoch === shown.epoch && chain.height > shown.height)
    })
    // It is kept: opened again, the chain goes on.
    await second.kill()
    const again = await peers.restart(second)
    await pay(first, await ledgerOf(first, community), stranger, '1')
    const total = bread('106.75')
    await until('both have it', async () => {
      const found = await Promise.all([first, again].map((peer) => balanceOf(peer, community, stranger)))
      return found.every((balance) => balance === total)
    })
    const proof = await again.client.ledger.prove(community, { transaction: hash })

    // One that was thought gone comes back: nobody's word but the person's takes it along.
    const back = await peers.restart(last)
    await until('it says what it lacks', async () => {
      const { chain } = await ledgerOf(back, community)
      return chain?.stuck?.code === 'recovery_unknown' && chain.height === shown.height
    })
    const isKnown = async () => {
      const { recoveries } = await back.client.ledger.check(proof)
      return recoveries.map((one) => [one.fingerprint, one.confirmed])
    }
    assert.deepEqual(await isKnown(), [[shown.fingerprint, false]])
    await confirm(back)
    await until('it follows', async () => (await balanceOf(back, community, stranger)) === total)
    assert.deepEqual(await isKnown(), [[shown.fingerprint, true]])
  })
})
