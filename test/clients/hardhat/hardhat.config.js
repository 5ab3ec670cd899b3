// Hardhat 3 with Ignition and ethers, npm's solc, and the ledger as its network. Everything that it writes goes to WORK.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const { CLIENTS, WORK, RPC, KEY } = process.env
const require = createRequire(join(CLIENTS, 'package.json'))
const plugin = async (name) => (await import(pathToFileURL(require.resolve(name)).href)).default

export default {
  plugins: [
    await plugin('@nomicfoundation/hardhat-ethers'),
    await plugin('@nomicfoundation/hardhat-ignition'),
    await plugin('@nomicfoundation/hardhat-ignition-ethers'),
  ],
  solidity: {
    version: '0.8.37',
    path: require.resolve('solc/soljson.js'),
    settings: { evmVersion: 'cancun' },
  },
  paths: { sources: join(WORK, 'contracts'), cache: join(WORK, 'cache'), artifacts: join(WORK, 'artifacts') },
  // A block is final when it is there, and an idle ledger makes none that more confirmations could come from.
  ignition: { requiredConfirmations: 1, blockPollingInterval: 100 },
  networks: { ledger: { type: 'http', chainType: 'generic', url: RPC, accounts: [KEY] } },
}
