// Checks a contract's source against the code that stands at its address: compiles it, compares, looks how the contract was created,
// and keeps what holds. Nothing is kept of what does not.

import type { AbiParameter } from 'viem'
import { decodeAbiParameters, encodeAbiParameters, keccak256 } from 'viem/utils'
import type { Clock } from '../../base/ports.ts'
import { readAbi, readAbiText } from '../source/abi-core.ts'
import type { Compiled, Compiler } from '../source/compiler.ts'
import { sourceErrors } from '../source/errors.ts'
import { compilerInput, readSourceInput, type SourceInput } from '../source/input-core.ts'
import { creationStepsMax } from '../source/limits.ts'
import { compilerOf, digestOf, type Matched, matchCreation, matchDeployed } from '../source/match-core.ts'
import { type CompiledContract, readOutput } from '../source/output-core.ts'
import type { KeptSource, SourceStore } from '../source/store.ts'
import type { Address } from '../types.ts'
import { valueText } from './abi-core.ts'
import type { Abis } from './abis.ts'
import { parseAddress, shownAddress } from './address-core.ts'
import type { Ask } from './ask.ts'
import { walletErrors } from './errors.ts'
import { explorerTransactionsMax } from './limits.ts'
import { valueLine } from './text-core.ts'
import type { Caller, LineView } from './types.ts'

export interface CreationView {
  /** `same`: by this source. `other`: by other code, which may have set its storage to anything. */
  readonly kind: 'same' | 'other' | 'unknown'
  readonly sentence: string
  /** What its constructor was given. */
  readonly lines: readonly LineView[]
}

/** A source that was checked against the code at an address. */
export interface SourceView {
  readonly contract: string
  readonly file: string
  readonly match: 'exact' | 'code'
  readonly sentence: string
  readonly compiler: string
  /** SHA-256 of the compiler's file. */
  readonly compilerHash: string
  readonly bundled: boolean
  readonly checkedMs: number
}

export interface SourceDetails extends SourceView {
  readonly address: string
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** JSON. */
  readonly settings: string
  /** JSON. */
  readonly abi: string
  readonly libraries: readonly { readonly name: string; readonly address: string }[]
  readonly immutables: readonly string[]
  readonly creation: CreationView
}

export interface VerifyRequest {
  /** JSON, as build tools write it. */
  readonly input: string
  /** `Name` or `file.sol:Name`; left out: the one that fits. */
  readonly contract?: string | undefined
  /** Path of another compiler's `soljson.js`. */
  readonly compiler?: string | undefined
}

export interface Sources {
  /** Throws what source/errors.ts lists, and `wallet_not_confirmed` where a program names a compiler. */
  verify(address: string, request: VerifyRequest, caller: Caller): Promise<SourceDetails>
  /** Throws `source_unknown`. */
  details(address: string): Promise<SourceDetails>
  forget(address: string, caller: Caller): Promise<void>
  /** JSON; undefined takes it away. Throws `abi_unusable`, `wallet_not_confirmed`. */
  setAbi(address: string, abi: string | undefined, caller: Caller): void
}

export interface SourcesParts {
  readonly ask: Ask
  readonly store: SourceStore
  readonly abis: Abis
  readonly clock: Clock
  readonly compiler: () => Promise<Compiler>
}

/** What is kept beside the source. */
interface Found {
  readonly address: Address
  readonly creation: CreationView
  readonly libraries: readonly { readonly name: string; readonly address: string }[]
  readonly immutables: readonly string[]
}

export function createSources(parts: SourcesParts): Sources {
  const { ask, store, abis, clock } = parts

  async function present(address: Address): Promise<KeptSource> {
    const source = await abis.sourceAt(address)
    if (source === undefined) throw sourceErrors.source_unknown('No source of this contract has been checked here.')
    return source
  }

  return {
    async verify(text, { input, contract, compiler: file }, { isPerson }) {
      // It is a program that somebody gave: no other program decides that it runs.
      if (file !== undefined && !isPerson) throw notConfirmed('An API token alone can’t choose a compiler.')
      const address = parseAddress(text)
      const code = await ask.code(address)
      if (code === '0x') throw sourceErrors.source_no_code('There is no contract at this address.')
      const given = readSourceInput(input)
      const compiled = await compile(await parts.compiler(), given, code, file)
      const fit = fitting(given, readOutput(compiled.output), { code, address, contract: contract ?? given.target })
      const creation = await creationOf(ask, address, fit)
      const { sources, settings } = given
      const kept: KeptSource = {
        codeHash: keccak256(code),
        file: fit.contract.file,
        contract: fit.contract.name,
        match: fit.matched.match,
        compiler: compiled.version,
        compilerHash: compiled.sha256,
        bundled: file === undefined,
        abi: JSON.stringify(fit.contract.abi ?? []),
        input: JSON.stringify({ sources, settings }),
        found: JSON.stringify({ address, creation, ...placesOf(fit.matched) } satisfies Found),
        atMs: clock.nowMs(),
      }
      readAbiText(kept.abi, { isLenient: true })
      store.keepSource(kept)
      return detailsOf(kept, address)
    },
    async details(text) {
      const address = parseAddress(text)
      return detailsOf(await present(address), address)
    },
    async forget(text, { isPerson }) {
      if (!isPerson) throw notConfirmed('An API token alone can’t take a source away.')
      store.forgetSource((await present(parseAddress(text))).codeHash)
    },
    setAbi(text, abi, { isPerson }) {
      // It names what a person is about to sign.
      if (!isPerson) throw notConfirmed('An API token alone can’t add an ABI.')
      const address = parseAddress(text)
      store.setAbi(address, abi === undefined ? undefined : JSON.stringify(readAbiText(abi)), clock.nowMs())
    },
  }
}

const notConfirmed = (sentence: string) => walletErrors.wallet_not_confirmed(sentence)

/** Throws `source_compiler_other` where it can be told beforehand that this one won't do. */
async function compile(
  compiler: Compiler,
  given: SourceInput,
  code: string,
  file: string | undefined,
): Promise<Compiled> {
  const version = compilerOf(code.slice(2)) ?? given.version
  if (file === undefined && version !== undefined && version !== compiler.version) {
    throw sourceErrors.source_compiler_other(
      `It was compiled by solc ${version}, and this computer has ${compiler.version}.`,
      { details: { version, present: compiler.version } },
    )
  }
  return compiler.compile(compilerInput(given), file)
}

interface Fit {
  readonly contract: CompiledContract
  readonly matched: Matched
  readonly digests: ReadonlySet<string>
}

interface Sought {
  readonly code: string
  readonly address: Address
  readonly contract: string | undefined
}

/** Throws `source_contract_unknown`, `source_differs`. */
function fitting({ hasHash }: SourceInput, all: readonly CompiledContract[], { code, address, contract }: Sought): Fit {
  const named = all.filter(({ file, name }) => contract === undefined || [name, `${file}:${name}`].includes(contract))
  if (named.length === 0) {
    const names = all.map(({ name }) => name).slice(0, 20)
    throw sourceErrors.source_contract_unknown(
      contract === undefined
        ? 'There is no contract with code in this source.'
        : `There is no contract ${valueLine(contract)} in this source, but ${names.join(', ') || 'none'}.`,
    )
  }
  const digests = new Set(hasHash ? all.flatMap(({ deployed }) => digestOf(deployed.code) ?? []) : [])
  const chain = code.slice(2)
  const fits = named.flatMap((one): Fit[] => {
    const matched = matchDeployed({ chain, address, compiled: one.deployed, digests })
    return matched === undefined ? [] : [{ contract: one, matched, digests }]
  })
  const exact = fits.find(({ matched }) => matched.match === 'exact')
  const [first, second] = fits
  if (exact === undefined && first !== undefined && second !== undefined) {
    const names = fits.map((one) => `${one.contract.file}:${one.contract.name}`).slice(0, 5)
    throw sourceErrors.source_contract_unknown(`Several contracts of this source have this code: ${names.join(', ')}.`)
  }
  const found = exact ?? first
  if (found === undefined) throw differs(named, chain)
  return found
}

function differs(named: readonly CompiledContract[], chain: string) {
  const [closest] = named
    .map(({ name, deployed: { code } }) => ({
      name,
      bytes: code.length / 2,
      off: Math.abs(code.length - chain.length),
    }))
    .sort((a, b) => a.off - b.off)
  const bytes = chain.length / 2
  const how =
    closest === undefined || closest.off > 0
      ? `there are ${bytes} bytes, and the closest, ${closest?.name}, compiles to ${closest?.bytes}`
      : `${closest.name} is as long, ${bytes} bytes, and has others`
  return sourceErrors.source_differs(`The code at this address is not that of this source: ${how}.`)
}

function placesOf({ libraries, immutables }: Matched): Pick<Found, 'libraries' | 'immutables'> {
  return {
    libraries: [...libraries].map(([name, at]) => ({ name, address: shownAddress(at as Address) })),
    immutables,
  }
}

// ---- how it was created

async function creationOf(ask: Ask, address: Address, { contract, matched, digests }: Fit): Promise<CreationView> {
  const data = await creationData(ask, address).catch(() => undefined)
  if (data === undefined) {
    return {
      kind: 'unknown',
      sentence: 'How it was created is not known here, so what its constructor did is not checked.',
      lines: [],
    }
  }
  const { libraries } = matched
  const given = matchCreation({ data: data.slice(2), compiled: contract.creation, digests, libraries })
  const lines = given === undefined ? undefined : argumentLines(contract.abi, given)
  if (lines === undefined) {
    return {
      kind: 'other',
      sentence: 'It was created by other code than this source’s, which may have set its storage to anything.',
      lines: [],
    }
  }
  const sentence = lines.length === 0 ? 'It was created by this source.' : 'It was created by this source, with:'
  return { kind: 'same', sentence, lines }
}

/**
 * The data of the transaction that created it. Undefined: another contract created it, it stands there since the first block, or
 * the node has no states that old.
 */
async function creationData(ask: Ask, address: Address): Promise<string | undefined> {
  const isThere = async (height: number) => (await ask.codeAt(address, height)) !== '0x'
  let [low, high] = [-1, await ask.height()]
  if (await isThere(0)) return undefined
  // It is not there at `low`, and at `high` it is.
  for (let step = 0; high - low > 1 && step < creationStepsMax; step++) {
    const middle = low + Math.floor((high - low) / 2)
    if (await isThere(middle)) high = middle
    else low = middle
  }
  const block = await ask.block(high, true)
  const creating = block?.transactions.filter(({ to }) => to === undefined).slice(0, explorerTransactionsMax) ?? []
  for (const { hash, input } of creating) {
    if ((await ask.receipt(hash))?.created === address) return input
  }
  return undefined
}

/** Undefined: these are no arguments of its constructor. */
function argumentLines(abi: unknown, digits: string): readonly LineView[] | undefined {
  const items = readAbi(Array.isArray(abi) ? abi : [], { isLenient: true })
  const inputs: readonly AbiParameter[] = items.find((item) => item.type === 'constructor')?.inputs ?? []
  if (inputs.length === 0) return digits === '' ? [] : undefined
  try {
    const data = `0x${digits}` as const
    const values = decodeAbiParameters(inputs, data) as readonly unknown[]
    if (encodeAbiParameters(inputs, values) !== data) return undefined
    return inputs.map(({ name, type }, at) => ({
      label: `${name || 'argument'} (${type})`,
      value: valueLine(valueText(values[at])),
      depth: 0,
    }))
  } catch {
    return undefined
  }
}

// ---- as it is shown

export function sourceView({ contract, file, match, compiler, compilerHash, bundled, atMs }: KeptSource): SourceView {
  return {
    ...{ contract, file, match, compiler, compilerHash, bundled },
    sentence:
      match === 'exact'
        ? 'This source, byte for byte, is what the contract was compiled from.'
        : 'The contract has the code of this source. Comments and names of arguments may be others: it holds another hash of its sources, or none.',
    checkedMs: atMs,
  }
}

function detailsOf(kept: KeptSource, address: Address): SourceDetails {
  const { sources, settings } = JSON.parse(kept.input) as Pick<SourceInput, 'sources' | 'settings'>
  const found = JSON.parse(kept.found) as Found
  return {
    ...sourceView(kept),
    address: shownAddress(address),
    files: Object.entries(sources).map(([path, { content }]) => ({ path, text: content })),
    settings: JSON.stringify(settings),
    abi: kept.abi,
    libraries: found.libraries,
    immutables: found.immutables,
    creation:
      found.address === address
        ? found.creation
        : {
            kind: 'unknown',
            sentence:
              'The source was checked for the same code elsewhere; how this contract was created is not checked.',
            lines: [],
          },
  }
}
