// viem against a ledger: what a program of somebody does with it. Arguments: URL, WebSocket URL, private key. Prints what it saw.

import { readFileSync } from 'node:fs'
import {
  type Abi,
  createPublicClient,
  createWalletClient,
  defineChain,
  getContract,
  type Hex,
  http,
  parseEther,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const [url = '', socketUrl = '', key = '0x'] = process.argv.slice(2)
const counter = JSON.parse(readFileSync(new URL('./counter.json', import.meta.url), 'utf8')) as {
  abi: Abi
  bytecode: Hex
}
const account = privateKeyToAccount(key as Hex)
const reader = createPublicClient({ transport: http(url, { batch: true }), pollingInterval: 50 })
const chain = defineChain({
  id: await reader.getChainId(),
  name: 'ledger',
  nativeCurrency: { name: 'Coin', symbol: 'COIN', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
})
const writer = createWalletClient({ account, chain, transport: http(url) })
const listener = createPublicClient({ chain, transport: webSocket(socketUrl) })

// ---- deploy, call, fail

const deployed = await reader.waitForTransactionReceipt({
  hash: await writer.deployContract({ ...counter, args: [3n] }),
})
const address = deployed.contractAddress ?? '0x'
const contract = getContract({ address, abi: counter.abi, client: { public: reader, wallet: writer } })
const heads = Promise.withResolvers<bigint>()
const seen = Promise.withResolvers<string>()
const stopHeads = listener.watchBlocks({ onBlock: ({ number }) => heads.resolve(number ?? -1n), onError: heads.reject })
const stopLogs = listener.watchContractEvent({
  address,
  abi: counter.abi,
  onLogs: ([log]) => seen.resolve(String(log?.transactionHash)),
  onError: seen.reject,
})
// Both subscriptions stand before anything happens.
await listener.getBlockNumber()
await new Promise((resolve) => setTimeout(resolve, 200))
const gas = await reader.estimateContractGas({ account, address, abi: counter.abi, functionName: 'add', args: [4n] })
const sent = await writer.writeContract({ address, abi: counter.abi, functionName: 'add', args: [4n] })
const receipt = await reader.waitForTransactionReceipt({ hash: sent })
const reverts = await Promise.all(
  [13n, 101n].map((amount) =>
    reader.simulateContract({ account, address, abi: counter.abi, functionName: 'add', args: [amount] }).then(
      () => 'none',
      (error: Error) => error.message.split('\n').slice(0, 4).join(' '),
    ),
  ),
)

// ---- the rest of what wallets ask

const logs = await reader.getContractEvents({ address, abi: counter.abi, fromBlock: 0n })
const fees = await reader.estimateFeesPerGas()
const filter = await reader.createBlockFilter()
const payment = await writer.sendTransaction({ to: `0x${'11'.repeat(20)}`, value: parseEther('1') })
await reader.waitForTransactionReceipt({ hash: payment })
const proof = await reader.getProof({ address, storageKeys: [`0x${'00'.repeat(32)}`] })
const access = await reader.createAccessList({ to: address, data: '0x8381f58a' })

process.stdout.write(
  JSON.stringify(
    {
      number: await contract.read.number?.(),
      status: receipt.status,
      gas,
      gasUsed: receipt.gasUsed,
      price: receipt.effectiveGasPrice,
      logTold: (await seen.promise) === sent,
      headTold: (await heads.promise) >= 0n,
      reverts,
      logs: logs.length,
      fees: [fees.maxFeePerGas, fees.maxPriorityFeePerGas],
      gasPrice: await reader.getGasPrice(),
      blocksOfFilter: (await reader.getFilterChanges({ filter })).length,
      paid: await reader.getBalance({ address: `0x${'11'.repeat(20)}` }),
      nonce: await reader.getTransactionCount({ address: account.address, blockTag: 'pending' }),
      proven: proof.storageProof[0]?.value,
      accessList: access.accessList.length,
      finalized: (await reader.getBlock({ blockTag: 'finalized' })).number === (await reader.getBlockNumber()),
      type: (await reader.getTransaction({ hash: sent })).type,
    },
    (_, value) => (typeof value === 'bigint' ? `${value}n` : value),
  ),
)
stopHeads()
stopLogs()
process.exit(0)
