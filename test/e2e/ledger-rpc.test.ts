// A ledger's JSON-RPC as other programs and pages meet it: at the daemon's own port, without its token.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPublicClient, createWalletClient, defineChain, type Hex, http, webSocket } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { onlyObject, peersOf, until } from './support.ts'

const page = 'https://wallet.example'

test('programs ask, pages only when they are allowed, and what is sent is told to who listens', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  const { id: community } = await peer.client.communities.found({ name: 'Village', memberName: 'Ada' })
  assert.equal((await peer.run('ledger', 'validators', '--offer')).code, 0)
  await until('the offer is known', async () => (await peer.client.ledger.get(community)).validators.length === 1)
  const founded = await peer.run('ledger', 'found', '--coin', 'BREAD', '--supply', '1000', '--json')
  assert.equal(founded.code, 0, founded.stderr)
  await until('it runs', async () => (await peer.client.ledger.get(community)).state === 'running')
  const { rpc, chainId } = onlyObject(await peer.run('ledger', 'rpc', '--json')) as { rpc: string; chainId: number }

  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
  const ask = (headers: Record<string, string>) =>
    fetch(rpc, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  const answer = (await (await ask({})).json()) as { result: string }
  assert.equal(Number(answer.result), chainId)
  assert.equal((await ask({ origin: page })).status, 403)
  assert.equal((await peer.run('ledger', 'rpc', '--allow', page)).code, 0)
  const allowed = await ask({ origin: page })
  assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin')], [200, page])
  assert.equal((await peer.run('ledger', 'rpc', '--forbid', page)).code, 0)
  assert.equal((await ask({ origin: page })).status, 403)

  const nativeCurrency = { name: 'Bread', symbol: 'BREAD', decimals: 18 }
  const chain = defineChain({ id: chainId, name: 'Village', nativeCurrency, rpcUrls: { default: { http: [rpc] } } })
  const account = mnemonicToAccount(await peer.client.identity.phrase())
  const once = { reconnect: false, keepAlive: false }
  const listener = createPublicClient({ chain, transport: webSocket(rpc.replace(/^http/, 'ws'), once) })
  const told = Promise.withResolvers<Hex>()
  const stop = listener.watchPendingTransactions({ onTransactions: ([hash]) => hash && told.resolve(hash) })
  await listener.getChainId()
  const wallet = createWalletClient({ account, chain, transport: http(rpc) })
  let hash: Hex = '0x'
  await until('it may send', async () => {
    hash = await wallet.sendTransaction({ to: `0x${'11'.repeat(20)}`, value: 5n }).catch((): Hex => '0x')
    return hash !== '0x'
  })
  assert.equal(await told.promise, hash)
  const receipt = await listener.waitForTransactionReceipt({ hash })
  assert.deepEqual([receipt.status, receipt.effectiveGasPrice], ['success', 0n])
  assert.equal(await listener.getBalance({ address: `0x${'11'.repeat(20)}`, blockTag: 'finalized' }), 5n)
  stop()
  const { close } = await listener.transport.getRpcClient()
  close()
})
