// What people and tools give as source and as ABI: what is read, what is refused, and that nothing else comes out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAbi, readAbiText } from './abi-core.ts'
import { compilerInput, readSourceInput, versionIn } from './input-core.ts'
import {
  abiCharsMax,
  abiDepthMax,
  abiItemsMax,
  abiPartsMax,
  compiledContractsMax,
  sourceFilesMax,
  sourceInputCharsMax,
} from './limits.ts'
import { readOutput } from './output-core.ts'
import { tillInput, tillOutput, tillSource } from './testing.ts'

const standard = JSON.parse(tillInput)
const read = (value: unknown) => readSourceInput(JSON.stringify(value))

test('standard JSON, build-info of Foundry and Hardhat, and metadata are one source', () => {
  const plain = read(standard)
  assert.deepEqual(plain.sources, { 'Till.sol': { content: tillSource } })
  assert.deepEqual([plain.version, plain.target, plain.hasHash], [undefined, undefined, true])
  const build = {
    id: '1',
    solcVersion: '0.8.37',
    solcLongVersion: '0.8.37+commit.f401782d',
    input: standard,
    output: {},
  }
  assert.deepEqual(read(build), { ...plain, version: '0.8.37' })
  const { outputSelection: _, ...settings } = standard.settings
  const metadata = {
    compiler: { version: '0.8.37+commit.f401782d' },
    language: 'Solidity',
    output: { abi: [] },
    settings: { ...settings, compilationTarget: { 'Till.sol': 'Till' }, libraries: { 'Till.sol:Sums': '0x01' } },
    sources: standard.sources,
    version: 1,
  }
  const { settings: chosen, ...others } = read(metadata)
  assert.deepEqual(others, { sources: plain.sources, version: '0.8.37', target: 'Till.sol:Till', hasHash: true })
  assert.deepEqual(chosen, { ...settings, libraries: { 'Till.sol': { Sums: '0x01' } } })
  assert.deepEqual(read({ abi: [], metadata }).target, 'Till.sol:Till')
  assert.deepEqual(read({ metadata: JSON.stringify(metadata) }).target, 'Till.sol:Till')
})

test('the compiler is asked for what is compared, whatever the source asks for', () => {
  const asked = {
    ...standard,
    settings: { ...standard.settings, stopAfter: 'parsing', modelChecker: { engine: 'all' } },
  }
  const { language, settings } = JSON.parse(compilerInput(read(asked)))
  assert.equal(language, 'Solidity')
  assert.deepEqual(Object.keys(settings).sort(), ['evmVersion', 'optimizer', 'outputSelection'])
  assert.ok(settings.outputSelection['*']['*'].includes('evm.deployedBytecode.immutableReferences'))
})

test('settings say whether a code holds a hash of its sources', () => {
  const hash = (metadata: object) => read({ ...standard, settings: { metadata } }).hasHash
  assert.deepEqual([{ bytecodeHash: 'none' }, { appendCBOR: false }, { bytecodeHash: 'ipfs' }].map(hash), [
    false,
    false,
    true,
  ])
})

test('what is no source, or not all of one, is refused', () => {
  const refused = (value: unknown, code = 'source_unusable') => assert.throws(() => read(value), { code })
  for (const value of [null, 5, [], {}, { abi: [], bytecode: '0x' }, { ...standard, language: 'Yul' }]) refused(value)
  refused({ ...standard, settings: 'fast' })
  refused({ ...standard, sources: { 'a.sol': { urls: ['https://example.org/a.sol'] } } }, 'source_incomplete')
  refused({ ...standard, sources: { ['a'.repeat(600)]: { content: '' } } })
  const many = Array.from({ length: sourceFilesMax + 1 }, (_, at) => [`${at}.sol`, { content: '' }])
  refused({ ...standard, sources: Object.fromEntries(many) })
  assert.throws(() => readSourceInput(' '.repeat(sourceInputCharsMax + 1)), { code: 'source_unusable' })
  assert.deepEqual(['0.8.24', 'v0.8.24+commit.e11b9ed9', '0.8', 5].map(versionIn), [
    '0.8.24',
    '0.8.24',
    undefined,
    undefined,
  ])
})

test('whatever stands there, reading it throws its own codes only', () => {
  const codes = (run: () => unknown, allowed: RegExp) => {
    try {
      run()
    } catch (error) {
      assert.match(String((error as { code?: unknown }).code), allowed)
    }
  }
  const words = [
    'sources',
    'settings',
    'input',
    'metadata',
    'compiler',
    'output',
    'content',
    'abi',
    'contracts',
    'evm',
    'type',
    'inputs',
  ]
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.constantFrom('', 'tuple', 'uint256', 'function', 'Solidity', 1, null),
      tie('list'),
      tie('record'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    record: fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 4 }),
  })).record
  fc.assert(
    fc.property(json, (value) => {
      const text = JSON.stringify(value)
      codes(() => readSourceInput(text), /^source_(unusable|incomplete)$/)
      codes(() => readOutput(text), /^source_(not_compiled|compiler_unusable)$/)
      codes(() => readAbiText(text), /^abi_unusable$/)
    }),
    { seed: 11, numRuns: 300 },
  )
})

test('of a compiler’s answer contracts with code are taken; what it refuses, it says', () => {
  assert.deepEqual(
    readOutput(tillOutput).map(({ file, name }) => [file, name]),
    ['Sums', 'Till', 'Tills'].map((name) => ['Till.sol', name]),
  )
  const errors = [{ severity: 'error', formattedMessage: 'Till.sol:1:1: ParserError:\n\u202e no' }]
  assert.throws(() => readOutput(JSON.stringify({ errors })), {
    code: 'source_not_compiled',
    message: 'The compiler says: Till.sol:1:1: ParserError: no',
  })
  const empty = { abi: [], evm: { bytecode: { object: '00' }, deployedBytecode: { object: '00' } } }
  const many = Array.from({ length: compiledContractsMax + 1 }, (_, at) => [`C${at}`, empty])
  const tooMany = JSON.stringify({ contracts: { 'a.sol': Object.fromEntries(many) } })
  assert.throws(() => readOutput(tooMany), { code: 'source_compiler_unusable' })
  assert.throws(() => readOutput('x'), { code: 'source_compiler_unusable' })
  const named = tillOutput.replaceAll('"Tills"', '"your account Main"')
  assert.throws(() => readOutput(named), { code: 'source_compiler_unusable' }, 'a name is one word')
})

test('an ABI whose types would never end is refused', () => {
  const taking = (...inputs: readonly object[]) => [{ type: 'function', name: 'f', inputs }]
  const deep = (depth: number): object => ({
    type: 'tuple',
    name: '',
    components: [depth === 0 ? { type: 'bool', name: '' } : deep(depth - 1)],
  })
  const refused = (abi: unknown) => assert.throws(() => readAbi(abi), { code: 'abi_unusable' })
  for (const type of [
    'uint256[0]',
    'uint256[9999999]',
    'uint256[99][99]',
    'uint7',
    'uint256[',
    'tuple',
    'tuple[]',
    'struct A',
  ]) {
    refused(taking({ type, name: 'a', components: [] }))
  }
  refused(taking(deep(abiDepthMax + 1)))
  refused(taking(...Array.from({ length: abiPartsMax + 1 }, () => ({ type: 'bool', name: '' }))))
  refused(Array.from({ length: abiItemsMax + 1 }, () => ({ type: 'receive' })))
  refused([{ type: 'function', name: 'a b', inputs: [] }])
  refused(taking({ type: 'bool', name: '\u202eevil' }))
  assert.throws(() => readAbiText(' '.repeat(abiCharsMax + 1)), { code: 'abi_unusable' })
  assert.equal(readAbi(taking(deep(abiDepthMax - 1), { type: 'uint256[3][]', name: 'b' })).length, 1)
  assert.deepEqual(readAbi(taking({ type: 'struct A storage', name: 'a' }), { isLenient: true }), [])
})
