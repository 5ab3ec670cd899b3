// Deploys by ethers and by an Ignition module, and calls both.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const load = async (name) =>
  import(pathToFileURL(createRequire(join(process.env.CLIENTS, 'package.json')).resolve(name)).href)
const { network } = await load('hardhat')
const { buildModule } = await load('@nomicfoundation/hardhat-ignition/modules')
const { ethers, ignition } = await network.connect('ledger')

const deployed = await ethers.deployContract('Counter', [1])
await deployed.waitForDeployment()
await (await deployed.add(2)).wait()
const failure = await deployed.add.staticCall(101).then(
  () => 'none',
  (error) => error.revert?.name ?? error.message,
)

const CounterModule = buildModule('CounterModule', (m) => {
  const counter = m.contract('Counter', [10])
  m.call(counter, 'add', [5])
  return { counter }
})
const { counter } = await ignition.deploy(CounterModule)
process.stdout.write(
  `RESULT ${JSON.stringify([String(await deployed.number()), failure, String(await counter.number())])}\n`,
)
