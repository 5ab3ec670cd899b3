// `node scripts/compile-subjects.ts`: makes Subjects.json and Tokens.json in test/vectors, so that tests and benches need no
// compiler.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const solc = require('solc')
const vectors = join(import.meta.dirname, '../test/vectors')
const fromModules = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') })

function compile(folder: string, name: string): void {
  const file = `${name}.sol`
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(join(folder, file), 'utf8') } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: fromModules }))
  const errors = (output.errors ?? []).filter((error: { severity: string }) => error.severity === 'error')
  if (errors.length > 0) throw new Error(errors[0].formattedMessage)
  const contracts = Object.entries<{ abi: unknown; evm: { bytecode: { object: string } } }>(output.contracts[file]).map(
    ([contract, { abi, evm }]) => [contract, { abi, bytecode: `0x${evm.bytecode.object}` }],
  )
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(Object.fromEntries(contracts))}\n`)
  console.log(`${file}: ${contracts.length} contracts, solc ${solc.version()}`)
}

compile(join(vectors, 'evm'), 'Subjects')
compile(join(vectors, 'wallet'), 'Tokens')
