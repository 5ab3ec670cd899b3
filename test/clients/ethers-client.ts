// ethers 6 against a ledger. Arguments as viem-client.ts.

import { readFileSync } from 'node:fs'
import { ContractFactory, JsonRpcProvider, NonceManager, parseEther, Wallet, WebSocketProvider } from 'ethers'

const [url = '', socketUrl = '', key = ''] = process.argv.slice(2)
const counter = JSON.parse(readFileSync(new URL('./counter.json', import.meta.url), 'utf8'))
const provider = new JsonRpcProvider(url, undefined, { polling: true, pollingInterval: 50 })
const socket = new WebSocketProvider(socketUrl)
const wallet = new NonceManager(new Wallet(key, provider))

const head = new Promise<number>((resolve) => void socket.once('block', resolve))
await socket.getBlockNumber()
const contract = await new ContractFactory(counter.abi, counter.bytecode, wallet).deploy(3)
await contract.waitForDeployment()
const call = (name: string, ...args: unknown[]) => contract.getFunction(name)(...args)
const sent = await call('add', 4)
const receipt = await sent.wait()
const failure = (amount: number) =>
  contract
    .getFunction('add')
    .staticCall(amount)
    .then(
      () => 'none',
      (error: { reason?: string; revert?: { name: string } }) => error.reason ?? error.revert?.name,
    )
const payment = await wallet.sendTransaction({ to: `0x${'22'.repeat(20)}`, value: parseEther('1') })
await payment.wait()
const fees = await provider.getFeeData()

process.stdout.write(
  JSON.stringify(
    {
      number: await call('number'),
      status: receipt.status,
      reverts: [await failure(13), await failure(101)],
      logs: (await contract.queryFilter('Added')).length,
      fees: [fees.maxFeePerGas, fees.maxPriorityFeePerGas, fees.gasPrice],
      paid: await provider.getBalance(`0x${'22'.repeat(20)}`),
      headTold: (await head) > 0,
      block: (await provider.getBlock('latest', true))?.prefetchedTransactions.length,
    },
    (_, value) => (typeof value === 'bigint' ? `${value}n` : value),
  ),
)
process.exit(0)
