// For tests of checked sources: test/vectors/wallet/Till.sol as a compiler's input, and what solc 0.8.37 makes of it, in Till.json.
// compiler.test.ts compiles it anew and compares.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Compiled, Compiler } from './compiler.ts'
import { type CompiledContract, readOutput } from './output-core.ts'

const vector = (name: string) => join(import.meta.dirname, '../../../test/vectors/wallet', name)
export const tillSource = readFileSync(vector('Till.sol'), 'utf8')
/** The compiler's whole answer. */
export const tillOutput = readFileSync(vector('Till.json'), 'utf8').trimEnd()

/** Standard JSON, as build tools write it. */
export const tillInput = JSON.stringify({
  language: 'Solidity',
  sources: { 'Till.sol': { content: tillSource } },
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'cancun',
    outputSelection: { '*': { '*': ['abi'] } },
  },
})

export function tillContract(name: 'Sums' | 'Till' | 'Tills'): CompiledContract {
  const found = readOutput(tillOutput).find((one) => one.name === name)
  if (found === undefined) throw new Error('assertion failed: it is in the vector')
  return found
}

/** Answers what the real one does, at once. */
export function tillCompiler(change: Partial<Compiled> = {}): Compiler & { readonly asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = []
  return {
    version: '0.8.37',
    asked,
    async compile(_, file) {
      asked.push(file)
      return { version: '0.8.37+commit.f401782d', sha256: 'ab'.repeat(32), output: tillOutput, ...change }
    },
    stop: () => undefined,
  }
}
