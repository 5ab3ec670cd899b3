// What a person gives as a contract's source, read strictly: the compiler's standard JSON input, a build-info file of Hardhat or
// Foundry around one, or the metadata of a contract where it has the text of its files. What comes out is what the compiler gets:
// nothing is fetched, no other language, and what is asked for is ours alone. Pure.

import { sourceErrors } from './errors.ts'
import { sourceFilesMax, sourceInputCharsMax, sourcePathCharsMax } from './limits.ts'

export interface SourceInput {
  readonly sources: Readonly<Record<string, { readonly content: string }>>
  readonly settings: Readonly<Record<string, unknown>>
  /** `0.8.24`, where the file says it. */
  readonly version: string | undefined
  /** `file.sol:Name`, where it is metadata of one contract. */
  readonly target: string | undefined
  /** The compiled code ends with a hash of its sources, as far as the settings say. */
  readonly hasHash: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** Throws `source_unusable`, `source_incomplete`. */
export function readSourceInput(text: string): SourceInput {
  if (text.length > sourceInputCharsMax) {
    throw unusable(`It has ${text.length} characters; at most ${sourceInputCharsMax} are read`)
  }
  const given = fieldsOf(parsed(text))
  if (given === undefined) throw unusable('It is no JSON object')
  const build = fieldsOf(given.input)
  if (build !== undefined) return readStandard(build, versionIn(given.solcLongVersion) ?? versionIn(given.solcVersion))
  const metadata = metadataOf(given)
  if (metadata !== undefined) return readMetadata(metadata)
  if (given.sources === undefined && Array.isArray(given.abi)) {
    throw unusable('It is a compiled contract without its sources')
  }
  return readStandard(given, undefined)
}

function readStandard({ language, sources, settings = {} }: Fields, version: string | undefined): SourceInput {
  if (language !== 'Solidity') throw unusable('Its language is not Solidity')
  const chosen = fieldsOf(settings)
  if (chosen === undefined) throw unusable('Its settings are no object')
  return inputOf(readSources(sources), chosen, version, undefined)
}

/** Foundry's artifacts hold metadata as an object, Hardhat's debug files and the compiler as a text. */
function metadataOf(given: Fields): Fields | undefined {
  const inner = typeof given.metadata === 'string' ? parsed(given.metadata) : given.metadata
  const metadata = fieldsOf(inner) ?? given
  return fieldsOf(metadata.output) !== undefined && fieldsOf(metadata.compiler) !== undefined ? metadata : undefined
}

function readMetadata({ language, compiler, sources, settings }: Fields): SourceInput {
  if (language !== 'Solidity') throw unusable('Its language is not Solidity')
  const { compilationTarget, libraries, ...others } = fieldsOf(settings) ?? {}
  const [[file, name] = []] = Object.entries(fieldsOf(compilationTarget) ?? {})
  const target = file === undefined || typeof name !== 'string' ? undefined : `${file}:${name}`
  const linked = fieldsOf(libraries)
  const chosen = linked === undefined ? others : { ...others, libraries: nestedLibraries(linked) }
  return inputOf(readSources(sources), chosen, versionIn(fieldsOf(compiler)?.version), target)
}

/** `{ "file.sol:Name": address }` as the compiler takes it: `{ "file.sol": { Name: address } }`. */
function nestedLibraries(flat: Fields): Fields {
  const nested = new Map<string, Record<string, unknown>>()
  for (const [place, address] of Object.entries(flat)) {
    const at = place.lastIndexOf(':')
    const file = at < 0 ? '' : place.slice(0, at)
    nested.set(file, { ...nested.get(file), [place.slice(at + 1)]: address })
  }
  return Object.fromEntries(nested)
}

function readSources(value: unknown): SourceInput['sources'] {
  const files = Object.entries(fieldsOf(value) ?? {})
  if (files.length === 0) throw unusable('It has no sources')
  if (files.length > sourceFilesMax) throw unusable(`It has ${files.length} files; at most ${sourceFilesMax} are read`)
  return Object.fromEntries(
    files.map(([path, file]) => {
      if (path.length > sourcePathCharsMax) throw unusable('A path in it is too long')
      const content = fieldsOf(file)?.content
      if (typeof content !== 'string') throw sourceErrors.source_incomplete('The text of some of its files is missing.')
      return [path, { content }]
    }),
  )
}

function inputOf(
  sources: SourceInput['sources'],
  given: Fields,
  version: string | undefined,
  target: string | undefined,
): SourceInput {
  // What is asked for is ours; a model checker proves nothing that counts here, and takes for ever.
  const { outputSelection: _, modelChecker: __, stopAfter: ___, ...settings } = given
  const { bytecodeHash, appendCBOR } = fieldsOf(settings.metadata) ?? {}
  return { sources, settings, version, target, hasHash: bytecodeHash !== 'none' && appendCBOR !== false }
}

/** What is asked of the compiler, of every contract: the hashes of all of them may be in the code of one. */
const wanted = [
  'abi',
  'evm.bytecode.object',
  'evm.bytecode.linkReferences',
  'evm.deployedBytecode.object',
  'evm.deployedBytecode.linkReferences',
  'evm.deployedBytecode.immutableReferences',
]

/** For the compiler. */
export function compilerInput({ sources, settings }: Pick<SourceInput, 'sources' | 'settings'>): string {
  return JSON.stringify({
    language: 'Solidity',
    sources,
    settings: { ...settings, outputSelection: { '*': { '*': wanted } } },
  })
}

/** `0.8.24` of `v0.8.24+commit.e11b9ed9` and the like. */
export function versionIn(value: unknown): string | undefined {
  return typeof value === 'string' ? /^v?(\d{1,3}\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(value)?.[1] : undefined
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

const unusable = (why: string) => sourceErrors.source_unusable(`This is no source that can be checked. ${why}.`)
