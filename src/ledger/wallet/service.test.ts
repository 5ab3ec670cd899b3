import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFunctionData, parseAbi, recoverMessageAddress, recoverTypedDataAddress } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { entropyToPhrase } from '../../identity/core.ts'
import { allowanceWindowMs, requestLifetimeMs, requestsWaitingMax } from './limits.ts'
import { bo, deploy, deployData, doIt, person, program, walletWorld } from './testing.ts'
import { parsePayment } from './uri-core.ts'

const ether = 10n ** 18n

test('accounts are those that any BIP-44 wallet derives from the phrase', async () => {
  const { wallet } = await walletWorld()
  const second = await wallet.addAccount('Savings')
  const phrase = entropyToPhrase(new Uint8Array(32).fill(7))
  assert.deepEqual(
    wallet.accounts().map(({ address, path, name }) => ({ address, path, name })),
    [0, 1].map((addressIndex) => ({
      address: mnemonicToAccount(phrase, { addressIndex }).address,
      path: `m/44'/60'/0'/0/${addressIndex}`,
      name: ['Main', 'Savings'][addressIndex],
    })),
  )
  assert.equal(second.index, 1)
  assert.equal(wallet.nameAccount(0, 'Daily').name, 'Daily')
  assert.equal(wallet.accounts()[0]?.name, 'Daily')
  assert.throws(() => wallet.nameAccount(7, 'x'), { code: 'wallet_account_unknown' })
  assert.throws(() => wallet.nameAccount(0, 'a\u202eb'), { code: 'wallet_name_unusable' })
})

test('a payment is shown in words, tried on the chain, free for a member, and in the history once it is final', async () => {
  const { wallet, test: chain, self } = await walletWorld()
  const request = await wallet.propose({ kind: 'send', to: 'bo', amount: '1.5' }, person)
  assert.equal(request.sentence, 'Send 1.5 TEST to Bo.')
  assert.equal(request.simulated, 'run')
  assert.deepEqual(
    request.changes.map(({ kind, amount, sentence }) => ({ kind, amount, sentence })),
    [{ kind: 'out', amount: String((3n * ether) / 2n), sentence: '− 1.5 TEST, to Bo' }],
  )
  assert.deepEqual(request.fee, { gas: '21000', maxFeePerGas: '0', maxPriorityFeePerGas: '0', most: '0', text: 'free' })
  const sent = await wallet.confirm(request.id, person, {})
  assert.equal(sent.state, 'sent')
  const waiting = await wallet.history({})
  assert.equal(waiting.movements[0]?.state, 'waiting')
  assert.equal((await wallet.explorer.transaction(sent.transaction ?? '')).state, 'waiting')
  await chain.mineAll()
  await wallet.history({})
  await wallet.settled()
  const { movements } = await wallet.history({})
  assert.deepEqual(
    movements.map(({ sentence, state, direction, height }) => ({ sentence, state, direction, height })),
    [{ sentence: '1.5 TEST to Bo', state: 'done', direction: 'out', height: 1 }],
  )
  const seen = await wallet.explorer.transaction(sent.transaction ?? '')
  assert.equal(seen.state, 'done')
  assert.equal(seen.fromName, 'your account Main')
  assert.equal(seen.fee, 'free')
  const view = await wallet.view()
  assert.equal(view.balances[0]?.text, '98.5 TEST')
  assert.equal(view.accounts[0]?.address.toLowerCase(), self)
  await assert.rejects(wallet.confirm(request.id, person, {}), { code: 'wallet_request_gone' })
})

test('many payments at once get nonces of their own, over a restart, too', async () => {
  const world = await walletWorld()
  const { wallet, test: chain } = world
  const sent = await Promise.all(Array.from({ length: 8 }, () => doIt(wallet, { kind: 'send', to: bo, amount: '0.5' })))
  assert.deepEqual(new Set(sent.map(({ state }) => state)), new Set(['sent']))
  assert.equal(new Set(sent.map(({ transaction }) => transaction)).size, 8)
  const again = await world.reopen()
  assert.equal((await doIt(again, { kind: 'send', to: bo, amount: '0.5' })).state, 'sent')
  await chain.mineAll()
  assert.equal((await again.explorer.account(bo)).text, '4.5 TEST')
  assert.equal((await again.explorer.account(again.accounts()[0]?.address ?? '')).nonce, 9)
})

test('a stranger pays the fee that genesis names, and sees it beforehand', async () => {
  const { wallet, test: chain } = await walletWorld({ isMember: false })
  const request = await wallet.propose({ kind: 'send', to: bo, amount: '1' }, person)
  assert.equal(request.fee?.text, 'at most 0.000021 TEST')
  await wallet.confirm(request.id, person, {})
  await chain.mineAll()
  assert.equal((await wallet.view()).balances[0]?.text, '98.999979 TEST')
})

test('what can’t be paid is refused before anybody is asked', async () => {
  const { wallet } = await walletWorld()
  const send = (change: object) => wallet.propose({ kind: 'send', to: bo, amount: '1', ...change }, person)
  await assert.rejects(send({ amount: '101' }), { code: 'wallet_funds_short', message: /100 TEST, and 101 TEST/ })
  await assert.rejects(send({ amount: '1,5' }), { code: 'wallet_amount_unusable' })
  await assert.rejects(send({ to: '0x1234' }), { code: 'wallet_address_unusable' })
  await assert.rejects(send({ to: 'nobody' }), { code: 'wallet_name_unknown' })
  await assert.rejects(send({ to: `ethereum:${bo}@1?value=1` }), { code: 'wallet_chain_mismatch' })
  await assert.rejects(send({ token: bo }), { code: 'wallet_token_unknown' })
  await assert.rejects(send({ account: 3 }), { code: 'wallet_account_unknown' })
  await assert.rejects(wallet.propose({ kind: 'call', data: '0x1' }, person), { code: 'wallet_call_unusable' })
  await assert.rejects(wallet.propose({ kind: 'call', to: bo, data: '0x', chainId: 1 }, person), {
    code: 'wallet_chain_mismatch',
  })
  assert.deepEqual(wallet.requests(), [])
})

test('an API token alone may ask, and nothing more', async () => {
  const { wallet } = await walletWorld()
  const request = await wallet.propose({ kind: 'send', to: bo, amount: '1' }, program)
  assert.deepEqual([request.state, request.by], ['waiting', 'program'])
  await assert.rejects(wallet.confirm(request.id, program, {}), { code: 'wallet_not_confirmed' })
  await assert.rejects(wallet.allow({ amount: '5' }, program), { code: 'wallet_not_confirmed' })
  assert.equal(wallet.refuse(request.id).state, 'refused')
  await assert.rejects(wallet.confirm(request.id, person, {}), { code: 'wallet_request_gone' })
})

test('an allowance is what programs spend in any 24 hours, counted before it leaves, and given back when it is refused', async () => {
  const world = await walletWorld()
  const { wallet, test: chain } = world
  await wallet.allow({ amount: '2' }, person)
  const spend = (amount: string, to: string = bo) => wallet.propose({ kind: 'send', to, amount }, program)
  const states = await Promise.all(['1', '1', '1'].map(async (amount) => (await spend(amount)).state))
  assert.deepEqual(states.sort(), ['sent', 'sent', 'waiting'])
  assert.match(wallet.allowances()[0]?.text ?? '', /^2 TEST in any 24 hours, 2 TEST of it spent$/)
  const reopened = await world.reopen()
  assert.equal((await reopened.propose({ kind: 'send', to: bo, amount: '0.1' }, program)).state, 'waiting')
  chain.clock.advance(allowanceWindowMs)
  assert.equal((await spend('1.5')).state, 'sent')
  await wallet.allow({ amount: '0' }, program)
  assert.deepEqual(wallet.allowances(), [])
  assert.equal((await spend('0.1')).state, 'waiting')
})

test('an allowance never covers a call, a contract, or what one is warned of', async () => {
  const world = await walletWorld()
  const { wallet } = world
  const currency = await deploy(world, deployData('Currency', ['Bread', 'BREAD', 100n * ether]))
  await wallet.allow({ amount: '50' }, person)
  const propose = async (proposal: Parameters<typeof wallet.propose>[0]) =>
    (await wallet.propose(proposal, program)).state
  assert.equal(await propose({ kind: 'call', to: bo, data: '0x', value: '1' }), 'waiting')
  assert.equal(await propose({ kind: 'message', message: 'hello' }), 'waiting')
  assert.equal(await propose({ kind: 'send', to: currency, amount: '1' }), 'waiting')
  assert.equal(await propose({ kind: 'send', to: `0x${'0'.repeat(40)}`, amount: '1' }), 'waiting')
  assert.equal(await propose({ kind: 'send', to: bo, amount: '1', token: currency }), 'waiting')
  await wallet.allow({ amount: '3', token: currency }, person)
  assert.equal(await propose({ kind: 'send', to: bo, amount: '3', token: currency }), 'sent')
  assert.equal(await propose({ kind: 'send', to: bo, amount: '1', token: currency }), 'waiting')
})

test('with a passphrase nothing is signed without it, and an allowance rests after a restart', async () => {
  const world = await walletWorld({ secret: 'opensesame' })
  const { wallet } = world
  const request = await wallet.propose({ kind: 'send', to: bo, amount: '1' }, person)
  assert.equal(request.needs, 'passphrase')
  await assert.rejects(wallet.confirm(request.id, person, {}), { code: 'passphrase_needed' })
  await assert.rejects(wallet.confirm(request.id, person, { passphrase: 'guess' }), { code: 'passphrase_wrong' })
  assert.equal((await wallet.confirm(request.id, person, { passphrase: 'opensesame' })).state, 'sent')
  await assert.rejects(wallet.addAccount('More'), { code: 'passphrase_needed' })
  await assert.rejects(wallet.allow({ amount: '5' }, person), { code: 'passphrase_needed' })
  await wallet.allow({ amount: '5', passphrase: 'opensesame' }, person)
  assert.equal((await wallet.propose({ kind: 'send', to: bo, amount: '1' }, program)).state, 'sent')
  const reopened = await world.reopen()
  assert.equal(reopened.allowances()[0]?.active, false)
  assert.equal((await reopened.propose({ kind: 'send', to: bo, amount: '1' }, program)).state, 'waiting')
  assert.doesNotMatch(world.logged.join(), /opensesame|guess/)
})

test('tokens are found by their events, and sent by their own standard', async () => {
  const world = await walletWorld()
  const { wallet, test: chain } = world
  const currency = await deploy(world, deployData('Currency', ['Bread', 'BREAD', 100n * ether]))
  const deeds = await deploy(world, deployData('Deeds', [3n]))
  const parts = await deploy(world, deployData('Parts', [9n, 5n]))
  await wallet.view()
  await wallet.settled()
  const { balances } = await wallet.view()
  assert.deepEqual(
    balances.map(({ asset, amount, ids, known }) => [
      asset.kind,
      asset.symbol,
      amount,
      ids.map(({ id }) => id).join(),
      known,
    ]),
    [
      ['coin', 'TEST', String(100n * ether), '', true],
      ['erc20', 'BREAD', String(100n * ether), '', false],
      ['erc721', 'DEED', '3', '1,2,3', false],
      ['erc1155', 'NFT', '5', '9', false],
    ],
  )
  const bread = await wallet.propose({ kind: 'send', to: 'Bo', amount: '2.5', token: currency }, person)
  assert.equal(bread.sentence, 'Send 2.5 BREAD to Bo.')
  assert.deepEqual(
    bread.changes.map(({ sentence }) => sentence),
    ['− 2.5 BREAD, to Bo'],
  )
  await wallet.confirm(bread.id, person, {})
  const deed = await doIt(wallet, { kind: 'send', to: 'Bo', amount: '1', token: deeds, id: '2' })
  assert.equal(deed.sentence, 'Sending no. 2 of Deeds to Bo.'.replace('to Bo', 'from your account Main to Bo'))
  await doIt(wallet, { kind: 'send', to: 'Bo', amount: '2', token: parts, id: '9' })
  await assert.rejects(wallet.propose({ kind: 'send', to: 'Bo', amount: '1', token: deeds }, person), {
    code: 'wallet_amount_unusable',
  })
  await chain.mineAll()
  await wallet.view()
  await wallet.settled()
  const after = (await wallet.view()).balances.map(({ amount, ids }) => [amount, ids.map(({ id }) => id).join()])
  assert.deepEqual(after.slice(1), [
    [String((975n * ether) / 10n), ''],
    ['2', '1,3'],
    ['3', '9'],
  ])
  const { movements } = await wallet.history({ limit: 3 })
  assert.deepEqual(
    movements.map(({ sentence }) => sentence),
    [`2 × no. 9 of ${movements[0]?.asset.name ?? ''} to Bo`, 'no. 2 of Deeds to Bo', '2.5 BREAD to Bo'],
  )
  assert.deepEqual((await wallet.setToken(parts, false)).length, 3)
  assert.equal((await wallet.setToken(currency, true)).find(({ asset }) => asset.symbol === 'BREAD')?.known, true)
})

test('an approval without end is a warning that has to be read', async () => {
  const world = await walletWorld()
  const { wallet } = world
  const currency = await deploy(world, deployData('Currency', ['Bread', 'BREAD', 100n * ether]))
  const abi = parseAbi(['function approve(address spender, uint256 amount)'])
  const data = encodeFunctionData({ abi, functionName: 'approve', args: [bo, 2n ** 256n - 1n] })
  const request = await wallet.propose({ kind: 'call', to: currency, data }, person)
  assert.equal(request.sentence, 'Let Bo spend any amount of BREAD of yours.')
  assert.deepEqual(
    request.changes.map(({ kind }) => kind),
    ['approval'],
  )
  assert.deepEqual(
    request.warnings.filter(({ weight }) => weight === 'stop').map(({ code }) => code),
    ['approval_unlimited'],
  )
  await assert.rejects(wallet.confirm(request.id, person, {}), { code: 'wallet_not_accepted', message: /any amount/ })
  assert.equal((await wallet.confirm(request.id, person, { accept: true })).state, 'sent')
})

test('what would fail says so, and why', async () => {
  const world = await walletWorld()
  const { wallet } = world
  const currency = await deploy(world, deployData('Currency', ['Bread', 'BREAD', 1n]))
  const abi = parseAbi(['function transfer(address to, uint256 amount)'])
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [bo, 5n] })
  const request = await wallet.propose({ kind: 'call', to: currency, data }, person)
  assert.equal(request.simulated, 'reverts')
  assert.match(request.warnings[0]?.sentence ?? '', /^It would fail: there is not enough of this token\.$/)
  const toNobody = await wallet.propose({ kind: 'call', to: bo, data }, person)
  assert.ok(toNobody.warnings.some(({ code }) => code === 'no_code'))
})

test('texts and structured data are signed as wallets do', async () => {
  const { wallet, self } = await walletWorld()
  const text = await doIt(wallet, { kind: 'message', message: 'Hello\nBo' })
  assert.equal(text.state, 'signed')
  const signature = text.signature as `0x${string}`
  assert.equal((await recoverMessageAddress({ message: 'Hello\nBo', signature })).toLowerCase(), self)
  const typed = {
    types: {
      Mail: [
        { name: 'to', type: 'address' },
        { name: 'amount', type: 'uint256' },
      ],
    },
    primaryType: 'Mail',
    domain: { name: 'Shop', version: '1', chainId: 1_234_567, verifyingContract: bo },
    message: { to: bo, amount: '5' },
  } as const
  const request = await wallet.propose({ kind: 'typed', typed }, person)
  assert.equal(request.sentence, 'Sign Mail for “Shop”.')
  assert.ok(request.lines.some(({ label, value }) => label === 'amount' && value === '5'))
  assert.deepEqual(
    request.warnings.map(({ code }) => code),
    ['no_code'],
  )
  const signed = await wallet.confirm(request.id, person, { accept: true })
  const by = await recoverTypedDataAddress({
    ...{ ...typed, message: { to: bo, amount: 5n } },
    signature: signed.signature as `0x${string}`,
  })
  assert.equal(by.toLowerCase(), self)
})

test('requests end: by time, and when there are too many', async () => {
  const { wallet, test: chain } = await walletWorld()
  const { id } = await wallet.propose({ kind: 'message', message: 'hello' }, person)
  chain.clock.advance(requestLifetimeMs)
  assert.equal(wallet.request(id).state, 'expired')
  await assert.rejects(wallet.confirm(id, person, {}), { code: 'wallet_request_gone' })
  for (let at = 0; at < requestsWaitingMax; at++)
    await wallet.propose({ kind: 'message', message: `no. ${at}` }, program)
  await assert.rejects(wallet.propose({ kind: 'message', message: 'more' }, program), { code: 'wallet_requests_full' })
  assert.equal((await wallet.view()).waiting, requestsWaitingMax)
})

test('the address book: members, own names, and no name that is two', async () => {
  const other = `0x${'ab'.repeat(20)}`
  const announced = [
    { address: bo, person: 'did:key:zBo', name: 'Bo' },
    { address: other, person: 'did:key:zEve', name: 'bo' },
  ]
  const { wallet } = await walletWorld({ announced })
  await assert.rejects(wallet.propose({ kind: 'send', to: 'Bo', amount: '1' }, person), { code: 'wallet_name_unknown' })
  wallet.setContact(bo, 'Real Bo')
  assert.deepEqual(
    wallet.contacts().map(({ name, source }) => [name, source]),
    [
      ['Main', 'self'],
      ['Real Bo', 'own'],
      ['bo', 'member'],
    ],
  )
  assert.equal(
    (await wallet.propose({ kind: 'send', to: 'real bo', amount: '1' }, person)).sentence,
    'Send 1 TEST to Real Bo.',
  )
  assert.throws(() => wallet.setContact(bo, '0xab'), { code: 'wallet_name_unusable' })
  assert.equal(wallet.setContact(bo, '').find(({ address }) => address.toLowerCase() === bo)?.name, 'Bo')
})

test('an address that looks like a known one is told apart', async () => {
  const { wallet } = await walletWorld()
  const twin = `${bo.slice(0, 6)}${'1'.repeat(32)}${bo.slice(-4)}`
  const request = await wallet.propose({ kind: 'send', to: twin, amount: '1' }, person)
  assert.ok(request.warnings.some(({ code, weight }) => code === 'looks_alike' && weight === 'stop'))
})

test('what is received by is what others pay', async () => {
  const { wallet, self } = await walletWorld()
  const { uri } = await wallet.receive({ amount: '2.5' })
  assert.deepEqual(parsePayment(uri), { to: self, chainId: 1_234_567, amount: (5n * ether) / 2n, token: undefined })
})

test('the explorer finds blocks, transactions, accounts and names', async () => {
  const { wallet, test: chain } = await walletWorld()
  const { transaction } = await doIt(wallet, { kind: 'send', to: bo, amount: '1' })
  await chain.mineAll()
  const { blocks } = await wallet.explorer.blocks({ limit: 5 })
  assert.deepEqual(
    blocks.map(({ height, transactions }) => [height, transactions]),
    [
      [1, 1],
      [0, 0],
    ],
  )
  assert.equal((await wallet.explorer.block('1')).list[0]?.sentence, 'Sent 1 TEST to Bo.')
  assert.deepEqual(await wallet.explorer.search('1'), { kind: 'block', height: 1 })
  assert.deepEqual(await wallet.explorer.search(blocks[0]?.hash ?? ''), { kind: 'block', height: 1 })
  assert.deepEqual(await wallet.explorer.search(transaction ?? ''), { kind: 'transaction', hash: transaction })
  assert.equal((await wallet.explorer.search(bo)).kind, 'account')
  assert.equal((await wallet.explorer.search('Bo')).kind, 'account')
  await assert.rejects(wallet.explorer.search('nothing'), { code: 'explorer_not_found' })
  await assert.rejects(wallet.explorer.block('99'), { code: 'explorer_not_found' })
})
