// Code on a chain against what a source compiles to: what may differ, and that nothing else may.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilerOf, digestOf, matchCreation, matchDeployed } from './match-core.ts'
import type { CompiledCode, Span } from './output-core.ts'
import { tillContract } from './testing.ts'

const [sums, till, tills] = [tillContract('Sums'), tillContract('Till'), tillContract('Tills')]
const digests = new Set([sums, till, tills].flatMap(({ deployed }) => digestOf(deployed.code) ?? []))
const address = `0x${'ab'.repeat(20)}`
const library = 'cd'.repeat(20)

/** With other digits at places of the code. */
function filled(code: string, spans: readonly Span[], digits: string): string {
  let made = code
  for (const { start, length } of spans) {
    made =
      made.slice(0, 2 * start) + digits.slice(-2 * length).padStart(2 * length, '0') + made.slice(2 * (start + length))
  }
  return made
}

function deployedTill(): string {
  const { code, libraries, immutables } = till.deployed
  const linked = filled(code, [...libraries.values()].flat(), library)
  return [...immutables.values()].reduce((made, spans, at) => filled(made, spans, `${at + 1}0`), linked)
}

const matched = (chain: string, compiled: CompiledCode = till.deployed) =>
  matchDeployed({ chain, address, compiled, digests })
const digit = (digits: string, at: number) =>
  digits.slice(0, at) + ((Number.parseInt(digits[at] ?? '0', 16) + 1) % 16).toString(16) + digits.slice(at + 1)

test('a contract is recognized with its immutable variables and libraries filled in', () => {
  assert.equal(digests.size, 3)
  assert.equal(compilerOf(till.deployed.code), '0.8.37')
  const found = matched(deployedTill())
  assert.equal(found?.match, 'exact')
  assert.deepEqual([...(found?.libraries ?? [])], [['Till.sol:Sums', `0x${library}`]])
  assert.deepEqual(
    found?.immutables.map((value) => BigInt(value)),
    [0x10n, 0x20n],
  )
})

test('one variable or library with two values is none', () => {
  const [spans = []] = [...till.deployed.immutables.values()].filter(({ length }) => length > 1)
  assert.ok(spans.length > 1)
  assert.equal(matched(filled(deployedTill(), spans.slice(1), '99')), undefined)
})

test('any other digit makes it another code, but for the hash of the sources', () => {
  const chain = deployedTill()
  const open = [...till.deployed.immutables.values(), ...till.deployed.libraries.values()].flat()
  const digest = digestOf(till.deployed.code) ?? ''
  const hash = chain.indexOf(digest)
  fc.assert(
    fc.property(fc.nat(chain.length - 1), (at) => {
      const isOpen = open.some(({ start, length }) => at >= 2 * start && at < 2 * (start + length))
      const isHash = at >= hash && at < hash + digest.length
      const found = matched(digit(chain, at))
      if (isHash) assert.equal(found?.match, 'code')
      else if (!isOpen) assert.equal(found, undefined)
    }),
    { seed: 7, numRuns: 500 },
  )
  assert.equal(matched(`${chain}00`), undefined)
  assert.equal(matched(chain.slice(2)), undefined)
  assert.equal(matched(''), undefined)
})

test('the hash of a contract that stands in another one may differ as well', () => {
  const inner = digestOf(till.deployed.code) ?? ''
  const at = tills.deployed.code.indexOf(inner)
  assert.ok(at > 0)
  const linked = filled(tills.deployed.code, [...tills.deployed.libraries.values()].flat(), library)
  assert.equal(matched(linked, tills.deployed)?.match, 'exact')
  assert.equal(matched(digit(linked, at + 5), tills.deployed)?.match, 'code')
  assert.equal(matched(digit(linked, at - 30), tills.deployed), undefined)
})

test('a constant that looks like a hash of sources is compared like any other', () => {
  const looks = `a2646970667358221220${'5a'.repeat(32)}64736f6c634300082500`
  const code = `6080${looks}00${till.deployed.code.slice(-106)}`
  const compiled = { code, libraries: new Map(), immutables: new Map() }
  const real = new Set([digestOf(code) ?? ''])
  const match = (chain: string) => matchDeployed({ chain, address, compiled, digests: real })?.match
  assert.equal(match(code), 'exact')
  assert.equal(match(digit(code, 30)), undefined)
  assert.equal(match(digit(code, code.length - 60)), 'code')
})

test('thousands of contracts of one length are compared in no time', () => {
  const many = new Set(Array.from({ length: 5_000 }, (_, at) => at.toString(16).padStart(64, '0')))
  const compiled = { code: '60'.repeat(2_000), libraries: new Map(), immutables: new Map() }
  const chain = `${compiled.code.slice(2)}61`
  for (let at = 0; at < 5_000; at++) assert.equal(matchDeployed({ chain, address, compiled, digests: many }), undefined)
})

test('without a hash in the code nothing is exact', () => {
  const compiled = { code: '6080604052', libraries: new Map(), immutables: new Map() }
  assert.equal(matchDeployed({ chain: '6080604052', address, compiled, digests: new Set() })?.match, 'code')
})

test('a library holds its own address, and no other', () => {
  const at = (own: string) => `73${own}${sums.deployed.code.slice(42)}`
  assert.equal(matched(at(address.slice(2)), sums.deployed)?.match, 'exact')
  assert.equal(matched(at(library), sums.deployed), undefined)
})

test('a library that was compiled through the IR as well', () => {
  const code = `6080${'0'.repeat(64)}5050`
  const immutables = new Map([['library_deploy_address', [{ start: 2, length: 32 }]]])
  const compiled = { code, libraries: new Map(), immutables }
  const at = (own: string) => matched(`6080${own.slice(2).padStart(64, '0')}5050`, compiled)
  assert.deepEqual(at(address)?.immutables, [])
  assert.equal(at(`0x${library}`), undefined)
})

test('how it was created: the arguments that follow, and nothing where the code is another', () => {
  const { code, libraries } = till.creation
  const given = filled(code, [...libraries.values()].flat(), library)
  const found = matched(deployedTill())?.libraries ?? new Map<string, string>()
  const created = (data: string) => matchCreation({ data, compiled: till.creation, digests, libraries: found })
  assert.equal(created(`${given}${'0'.repeat(63)}5`), `${'0'.repeat(63)}5`)
  assert.equal(created(given), '')
  assert.equal(created(digit(given, 8)), undefined)
  assert.equal(created(given.slice(2)), undefined)
  assert.equal(created(filled(code, [...libraries.values()].flat(), 'ef'.repeat(20))), undefined, 'another library')
})
