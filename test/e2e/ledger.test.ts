// A community that runs its own chain, as processes: four validators found it, one dies and comes back, all die and come back, a
// fifth member follows; balances agree, and nobody is ever told another one.

import assert from 'node:assert/strict'
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
    await Promise.all(all.map((peer) => peer.kill()))
    const again = await Promise.all(all.map((peer) => peers.restart(peer)))
    const [first, ...others] = again
    assert.ok(first !== undefined)
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
  })
})
