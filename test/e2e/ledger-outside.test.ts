// A community that uses an outside chain instead of one of its own: anvil (Foundry), as a process, with the same wallet and
// explorer. It comes by scripts/install-chain-clients.sh.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { encodeDeployData } from 'viem'
import { createPeers, type Peer } from '../support/daemon.ts'
import { until } from './support.ts'

const packages = join(import.meta.dirname, '../../.cache/chain-clients/node_modules')
const program = join(
  packages,
  '@foundry-rs',
  `anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`,
  'bin/anvil',
)
const skip = existsSync(program) ? false : 'scripts/install-chain-clients.sh has not been run'

const peers = createPeers()
let rpc = ''
let ada: Peer
let community = ''
const anvil = skip === false ? spawn(program, ['--port', '0', '--chain-id', '31337']) : undefined

before(async () => {
  if (anvil === undefined) return
  for await (const line of createInterface({ input: anvil.stdout })) {
    const [, address] = /Listening on (127\.0\.0\.1:\d+)/.exec(line) ?? []
    if (address === undefined) continue
    rpc = `http://${address}`
    break
  }
  anvil.stdout.resume()
  ada = await peers.start()
  community = (await ada.client.communities.found({ name: 'Garden', memberName: 'Ada' })).id
})
after(async () => {
  anvil?.kill()
  await peers.stop()
})

async function ask(method: string, ...params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await fetch(rpc, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  return ((await answer.json()) as { result: unknown }).result
}

/** Of test/vectors/wallet/Tokens.sol. */
function currency(): `0x${string}` {
  const file = join(import.meta.dirname, '../vectors/wallet/Tokens.json')
  const { abi, bytecode } = JSON.parse(readFileSync(file, 'utf8')).Currency
  return encodeDeployData({ abi, bytecode, args: ['Bread', 'BREAD', 10n ** 20n] })
}

const chain = (change: object = {}) => ({
  chainId: 31337,
  rpc,
  name: 'Anvil',
  coin: { name: 'Ether', symbol: 'ETH' },
  ...change,
})

test('outside chain: it says whom one believes, and is checked before it is used', { skip }, async () => {
  const { wallet, ledger } = ada.client
  assert.equal((await wallet.chain(community)).chain, null)
  assert.equal((await ledger.get(community)).choice.kind, 'own')
  // An address of this computer, or one with a key in it, is told to nobody.
  const { rpc: here, ...told } = chain()
  for (const secret of [here, 'https://rpc.example/v3/0123456789abcdef0123456789abcdef']) {
    await assert.rejects(ledger.choose(community, { ...told, rpc: secret }), { code: 'ledger_choice_unusable' })
  }
  const { choice } = await ledger.choose(community, told)
  assert.deepEqual([choice.kind, choice.chainId, choice.rpc, choice.byName], ['outside', 31337, null, 'Ada'])
  assert.match(
    choice.sentence,
    /uses Anvil \(chain id 31337\), a chain that others run, by an address that each member/,
  )
  // What the community says asks nobody anything before this person agrees.
  assert.equal((await wallet.chain(community)).chain, null)
  await assert.rejects(wallet.get(community), { code: 'ledger_choice_not_accepted', message: /before you agree/ })
  assert.match((await ada.run('ledger', 'chain')).stdout, /\nthis computer +asks nothing there yet\. Bring an address/)
  await assert.rejects(wallet.chooseChain(community, chain({ chainId: 1 })), { code: 'ledger_chain_mismatch' })
  assert.equal((await ada.run('ledger', 'chain', '--accept')).code, 2, 'no address was told')
  const agreed = await ada.run('ledger', 'chain', '--here', rpc)
  assert.match(agreed.stdout, /\nthis computer +An outside chain, Anvil/, agreed.stderr)
  const { chain: chosen } = await wallet.chain(community)
  assert.equal(chosen?.trust, 'operator')
  assert.match(chosen?.warnings[0] ?? '', /can lie about balances/)
})

test('outside chain: send, tokens, history and explorer as on one’s own', { skip }, async () => {
  const { wallet, explorer } = ada.client
  const self = (await wallet.get(community)).accounts[0]?.address ?? ''
  await ask('anvil_setBalance', self, `0x${(10n ** 19n).toString(16)}`)
  const bo = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  const doIt = async (proposal: Parameters<typeof wallet.propose>[1]) => {
    const request = await wallet.propose(community, proposal)
    // anvil tries no contract before there is one.
    assert.equal(request.simulated, proposal.kind === 'call' ? 'read' : 'run')
    const done = await wallet.confirm(community, request.id, { accept: true })
    assert.equal(done.failure, null)
    return done
  }
  const sent = await Promise.all(['0.1', '0.2', '0.3'].map((amount) => doIt({ kind: 'send', to: bo, amount })))
  assert.equal(new Set(sent.map(({ transaction }) => transaction)).size, 3)
  assert.match(sent[0]?.fee?.text ?? '', /^at most 0\.0\d+ ETH$/)
  const { transaction } = await doIt({ kind: 'call', data: currency() })
  const { created } = await explorer.transaction(community, transaction ?? '')
  await doIt({ kind: 'send', to: bo, amount: '5', token: created ?? '' })
  await until('the history has all of it', async () => {
    const { movements } = await wallet.history(community)
    return movements.filter(({ state }) => state === 'done').length === 5
  })
  const { movements } = await wallet.history(community)
  assert.equal(movements[0]?.sentence, '5 BREAD to 0x7099…79C8')
  const { balances } = await wallet.get(community)
  assert.equal(balances[1]?.text, '95 BREAD')
  assert.equal((await explorer.block(community, '1')).transactions, 1)
  await assert.rejects(wallet.propose(community, { kind: 'send', to: `ethereum:${bo}@1?value=1`, amount: '1' }), {
    code: 'wallet_chain_mismatch',
  })
})

test('outside chain: when it is gone that is said, and one may do without', { skip }, async () => {
  const { wallet } = ada.client
  anvil?.kill()
  await until('it is gone', () =>
    wallet.get(community).then(
      () => false,
      (error) => error.code === 'ledger_unreachable',
    ),
  )
  await assert.rejects(wallet.get(community), { code: 'ledger_unreachable', message: /nothing listens there/ })
  assert.equal((await wallet.chooseChain(community, null)).chain, null)
  await assert.rejects(wallet.get(community), { code: 'ledger_choice_not_accepted' })
  assert.equal((await ada.run('ledger', 'chain', '--own')).code, 0)
  await assert.rejects(wallet.get(community), { code: 'ledger_none' })
})
