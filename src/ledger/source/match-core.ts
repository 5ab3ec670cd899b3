// Whether code on a chain is what a source compiles to. All bytes have to be the same, but for those that nobody knows before a
// contract is created (immutable variables, addresses of libraries, a library's own address) and, where that is said, the
// hashes of the sources that the compiler puts into the code.
//
// What must stay true: bytes may differ only where the compiler's own references say so, or where the hash stands that the
// compiler made of one of these very sources. A constant that only looks like a hash is compared: nobody can write the hash of a
// source into that source. Pure.

import type { CompiledCode, Span } from './output-core.ts'

export interface Matched {
  /** `code`: all but the hashes of the sources, so comments and names of arguments may be others. */
  readonly match: 'exact' | 'code'
  /** `0x…` by `file.sol:Name`. */
  readonly libraries: ReadonlyMap<string, string>
  /** `0x…` of each immutable variable. */
  readonly immutables: readonly string[]
}

const digestDigits = 64
/** Through the IR a library's own address is one of its immutable variables, of this name. */
const ownReference = 'library_deploy_address'
/** CBOR of `{ "experimental": true, "ipfs": 1220…, … }` or `{ "bzzr0"|"bzzr1": … }`; the compiler sorts them so. */
const metadata = /^a[1-4](?:6c6578706572696d656e74616cf5)?(?:646970667358221220|65627a7a723[01]5820)([0-9a-f]{64})/

const digestPlace = /(?:646970667358221220|65627a7a723[01]5820)(?=([0-9a-f]{64}))/g

/** The hash of its sources at the end of a code; undefined where it has none. */
export function digestOf(code: string): string | undefined {
  return metadata.exec(tailOf(code))?.[1]
}

/** `0.8.24`, as newer compilers write it at the end of a code. */
export function compilerOf(code: string): string | undefined {
  const version = /64736f6c6343([0-9a-f]{6})$/.exec(tailOf(code))?.[1]
  return version
    ?.match(/../g)
    ?.map((pair) => Number.parseInt(pair, 16))
    .join('.')
}

/** What the last two bytes say that it is long. */
function tailOf(code: string): string {
  const length = Number.parseInt(code.slice(-4), 16)
  return code.length < 4 || 2 * length + 4 > code.length ? '' : code.slice(-4 - 2 * length, -4)
}

export interface Comparison {
  /** Digits of the code at `address`. */
  readonly chain: string
  readonly address: string
  readonly compiled: CompiledCode
  /** Hashes that the compiler made of these sources, one a contract. */
  readonly digests: ReadonlySet<string>
}

/** Undefined: it is another code. */
export function matchDeployed({ chain, address, compiled, digests }: Comparison): Matched | undefined {
  const { code, libraries, immutables } = compiled
  if (chain.length !== code.length || code === '') return undefined
  const linked = valuesAt(chain, libraries)
  const fixed = valuesAt(chain, immutables)
  if (linked === undefined || fixed === undefined) return undefined
  const deployedAt = fixed.get(ownReference)
  if (deployedAt !== undefined && BigInt(deployedAt) !== BigInt(address)) return undefined
  fixed.delete(ownReference)
  const own = ownAddress(code, chain, address)
  const open = [...libraries.values(), ...immutables.values(), own].flat()
  const hashes = digestSpans(code, digests)
  if (!sameOutside(chain, code, [...open, ...hashes])) return undefined
  const isExact = digestOf(code) !== undefined && digests.size > 0 && sameWithin(chain, code, hashes)
  return { match: isExact ? 'exact' : 'code', libraries: linked, immutables: [...fixed.values()] }
}

export interface CreationComparison {
  /** Digits of the data of the transaction that created it. */
  readonly data: string
  readonly compiled: CompiledCode
  readonly digests: ReadonlySet<string>
  /** What stands in the code on the chain. */
  readonly libraries: ReadonlyMap<string, string>
}

/** The arguments that follow the code, as digits; undefined: it was created by another code. */
export function matchCreation({ data, compiled, digests, libraries }: CreationComparison): string | undefined {
  const { code } = compiled
  if (code === '' || data.length < code.length) return undefined
  const head = data.slice(0, code.length)
  const linked = valuesAt(head, compiled.libraries)
  if (linked === undefined) return undefined
  for (const [name, value] of linked) {
    const deployed = libraries.get(name)
    if (deployed !== undefined && deployed !== value) return undefined
  }
  const open = [...compiled.libraries.values()].flat()
  return sameOutside(head, code, [...open, ...digestSpans(code, digests)]) ? data.slice(code.length) : undefined
}

/** Each variable has one value, wherever it stands; undefined where it has two, or the place is outside of the code. */
function valuesAt(code: string, places: ReadonlyMap<string, readonly Span[]>): Map<string, string> | undefined {
  const values = new Map<string, string>()
  for (const [name, spans] of places) {
    for (const { start, length } of spans) {
      const value = `0x${code.slice(2 * start, 2 * (start + length))}`
      if (value.length !== 2 + 2 * length || (values.get(name) ?? value) !== value) return undefined
      values.set(name, value)
    }
  }
  return values
}

/** A library begins with its own address (`PUSH20 address ADDRESS EQ`), which is zero before it is deployed. */
function ownAddress(code: string, chain: string, address: string): readonly Span[] {
  const isLibrary = code.startsWith(`73${'0'.repeat(40)}3014`)
  return isLibrary && chain.slice(2, 42) === address.slice(2).toLowerCase() ? [{ start: 1, length: 20 }] : []
}

/** Where the compiler has put one of these hashes. One pass, however many there are: a source may have thousands of contracts. */
function digestSpans(code: string, digests: ReadonlySet<string>): readonly Span[] {
  return [...code.matchAll(digestPlace)].flatMap((found) => {
    const at = found.index + found[0].length
    return at % 2 === 0 && digests.has(found[1] ?? '') ? [{ start: at / 2, length: digestDigits / 2 }] : []
  })
}

function sameOutside(a: string, b: string, spans: readonly Span[]): boolean {
  let at = 0
  for (const { start, length } of [...spans].sort((one, other) => one.start - other.start)) {
    if (2 * start > at && a.slice(at, 2 * start) !== b.slice(at, 2 * start)) return false
    at = Math.max(at, 2 * (start + length))
  }
  return a.slice(at) === b.slice(at)
}

function sameWithin(a: string, b: string, spans: readonly Span[]): boolean {
  return spans.every(({ start, length }) => {
    const end = 2 * (start + length)
    return a.slice(2 * start, end) === b.slice(2 * start, end)
  })
}
