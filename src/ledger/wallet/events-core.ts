// Events of a transaction as people read them: by the ABI of the contract that wrote them, or by the standards. An event whose data
// is not of that form is shown as it is. Pure.

import type { AbiEvent, AbiParameter } from 'viem'
import { decodeAbiParameters, parseAbi, toEventSelector, toEventSignature } from 'viem/utils'
import type { Address } from '../types.ts'
import { valueText } from './abi-core.ts'
import type { ContractAbi } from './abis.ts'
import { parseAddress, readAddress, shortAddress, shownAddress } from './address-core.ts'
import type { RawLog } from './changes-core.ts'
import { linesMax } from './limits.ts'
import { valueLine } from './text-core.ts'
import type { LineView } from './types.ts'
import { addressText, type Book } from './words-core.ts'

export interface EventView {
  readonly address: string
  readonly name: string | null
  /** `Transfer(address,address,uint256)`; null: it is not known. */
  readonly signature: string | null
  readonly trust: ContractAbi['trust'] | null
  readonly lines: readonly LineView[]
}

/** Where standards share a signature, what is indexed tells them apart. */
const standards = parseAbi([
  'event Transfer(address indexed from, address indexed to, uint256 amount)',
  'event Transfer(address indexed from, address indexed to, uint256 indexed id)',
  'event Approval(address indexed owner, address indexed spender, uint256 amount)',
  'event Approval(address indexed owner, address indexed approved, uint256 indexed id)',
  'event ApprovalForAll(address indexed owner, address indexed operator, bool approved)',
  'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 amount)',
  'event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] amounts)',
  'event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)',
])

export function eventView(log: RawLog, abi: ContractAbi | undefined, book: Book): EventView {
  const address = parseAddress(log.address)
  const base = { address: shownAddress(address), name: nameOf(address, abi, book) }
  const [topic = ''] = log.topics
  const own = abi?.events.get(topic)
  const ownFirst = own === undefined ? [] : [{ event: own, trust: abi?.trust ?? null }]
  const known = standards
    .filter((event) => toEventSelector(event) === topic)
    .map((event) => ({ event: event as AbiEvent, trust: 'known' as const }))
  // What nobody checked names only what has no other name.
  const order = abi?.trust === 'unchecked' ? [...known, ...ownFirst] : [...ownFirst, ...known]
  for (const { event, trust } of order) {
    const lines = linesOf(event, log, book)
    if (lines !== undefined) return { ...base, signature: toEventSignature(event), trust, lines }
  }
  const raw = [...log.topics.map((value, at) => line(`topic ${at}`, value)), line('data', log.data)]
  return { ...base, signature: null, trust: null, lines: raw }
}

/** What a source calls a contract is its author's choice: the address stands beside it. */
function nameOf(address: Address, abi: ContractAbi | undefined, book: Book): string | null {
  const named = book.nameOf(address)
  if (named !== undefined || abi?.contract === undefined) return named ?? null
  return `${abi.contract} (${shortAddress(address)})`
}

/** Undefined: the log has not the form of this event. */
function linesOf({ inputs }: AbiEvent, { topics, data }: RawLog, book: Book): readonly LineView[] | undefined {
  const indexed = inputs.filter((input) => input.indexed === true)
  const others = inputs.filter((input) => input.indexed !== true)
  if (topics.length !== indexed.length + 1 || (others.length === 0 && data !== '0x')) return undefined
  try {
    const words = indexed.map((input, at) => indexedValue(input, topics[at + 1] as `0x${string}`))
    const rest = others.length === 0 ? [] : (decodeAbiParameters(others, data as `0x${string}`) as readonly unknown[])
    return inputs
      .map((input) => {
        const at = (input.indexed === true ? indexed : others).indexOf(input)
        return line(input.name || input.type, textOf(input, (input.indexed === true ? words : rest)[at], book))
      })
      .slice(0, linesMax)
  } catch {
    return undefined
  }
}

/** Of what is longer than a word, a topic is only the hash. */
function indexedValue(input: AbiParameter, topic: `0x${string}`): unknown {
  const isHash = /^(string|bytes|tuple)$|\]$/.test(input.type)
  return isHash ? `hash ${topic}` : decodeAbiParameters([input], topic)[0]
}

function textOf({ type }: AbiParameter, value: unknown, book: Book): string {
  const address = type === 'address' && typeof value === 'string' ? readAddress(value) : undefined
  return address === undefined ? valueText(value) : addressText(address, book)
}

const line = (label: string, value: string): LineView => ({ label, value: valueLine(value), depth: 0 })
