// What a compiler answers, read strictly: it may be any file that a person was given. Pure.

import { shownLine } from '../client/envelope-core.ts'
import { sourceErrors } from './errors.ts'
import { compiledContractsMax } from './limits.ts'

/** Where 32 or 20 bytes of a code are filled in later. In bytes. */
export interface Span {
  readonly start: number
  readonly length: number
}

export interface CompiledCode {
  /** Hexadecimal digits, lower case; places of libraries are zeros. */
  readonly code: string
  /** By `file.sol:Name` of the library. */
  readonly libraries: ReadonlyMap<string, readonly Span[]>
  /** By the compiler's number of the variable. */
  readonly immutables: ReadonlyMap<string, readonly Span[]>
}

export interface CompiledContract {
  readonly file: string
  readonly name: string
  readonly abi: unknown
  readonly creation: CompiledCode
  readonly deployed: CompiledCode
}

type Fields = Readonly<Record<string, unknown>>

/** Those with code. Throws `source_not_compiled`, `source_compiler_unusable`. */
export function readOutput(text: string): readonly CompiledContract[] {
  const output = fieldsOf(parsed(text))
  if (output === undefined) throw malformed()
  const errors = Array.isArray(output.errors) ? output.errors.map(fieldsOf) : []
  const failure = errors.find((one) => one?.severity === 'error')
  if (failure !== undefined) {
    const said = shownLine(String(failure.formattedMessage ?? failure.message ?? ''), 300)
    throw sourceErrors.source_not_compiled(`The compiler says: ${said || 'nothing'}`)
  }
  const contracts: CompiledContract[] = []
  for (const [file, inFile] of Object.entries(fieldsOf(output.contracts) ?? {})) {
    for (const [name, value] of Object.entries(fieldsOf(inFile) ?? {})) {
      const contract = contractOf(file, name, value)
      if (contract === undefined) continue
      if (contracts.length >= compiledContractsMax) throw malformed()
      contracts.push(contract)
    }
  }
  return contracts
}

/** Undefined: an interface or an abstract contract. */
function contractOf(file: string, name: string, value: unknown): CompiledContract | undefined {
  const { abi, evm } = fieldsOf(value) ?? {}
  const { bytecode, deployedBytecode } = fieldsOf(evm) ?? {}
  const deployed = codeOf(deployedBytecode)
  const creation = codeOf(bytecode)
  // A name stands in sentences that one signs.
  if (!/^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/.test(name)) throw malformed()
  return deployed.code === '' ? undefined : { file, name, abi, creation, deployed }
}

function codeOf(value: unknown): CompiledCode {
  const { object, linkReferences, immutableReferences } = fieldsOf(value) ?? {}
  if (typeof object !== 'string') throw malformed()
  const files = Object.entries(fieldsOf(linkReferences) ?? {})
  const libraries = files.flatMap(([file, names]) =>
    Object.entries(fieldsOf(names) ?? {}).map(([name, spans]) => [`${file}:${name}`, spansOf(spans)] as const),
  )
  const immutables = Object.entries(fieldsOf(immutableReferences) ?? {}).map(
    ([id, spans]) => [id, spansOf(spans)] as const,
  )
  // `__$…$__` or `__file:Name___`: 40 characters where an address goes.
  const code = object.toLowerCase().replaceAll(/__.{36}__/g, '0'.repeat(40))
  if (!/^(?:[0-9a-f]{2})*$/.test(code)) throw malformed()
  return { code, libraries: new Map(libraries), immutables: new Map(immutables) }
}

function spansOf(value: unknown): readonly Span[] {
  if (!Array.isArray(value)) throw malformed()
  return value.map((one) => {
    const { start, length } = fieldsOf(one) ?? {}
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length)) throw malformed()
    if (Number(start) < 0 || Number(length) < 1 || Number(length) > 32) throw malformed()
    return { start: Number(start), length: Number(length) }
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

const malformed = () => sourceErrors.source_compiler_unusable('The compiler’s answer is not what a compiler answers.')
