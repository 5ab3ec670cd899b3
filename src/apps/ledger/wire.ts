// What entries of the app `ledger` say, read strictly from the body that the community opened, and made into one. Pure. A
// kind that is not known gives undefined (a later version's); a known one that is not as docs/ledger.md says throws
// `ledger_body_malformed` and nothing else. Fields that are not known are ignored.
//
//   validator { address, willing, proof }   account { address, proof }   genesis { genesis }
//   change { epoch, validators, signature }   members { change, admitted, removed, signature }
//   checkpoint { chainId, genesisHash, height, block, timestamp, epoch, validators, address, proof }
//   chain { chain: null | { chainId, name, coin, symbol, rpc? } }
//
// What is in a genesis is read by who opens the ledger (ledger/chain/genesis-wire.ts): here it is bytes.

import { fromHex, toHex } from '../../base/bytes.ts'
import { type ChosenChain, chainWordOf } from '../../ledger/choice-core.ts'
import type { Address, Hash } from '../../ledger/types.ts'
import { ledgerWireErrors } from './errors.ts'
import { genesisEntryBytesMax, membersPerChangeMax, validatorsMax } from './limits.ts'

export interface ValidatorAct {
  readonly kind: 'validator'
  readonly address: Address
  readonly willing: boolean
  /** By the validator's key over community and device. */
  readonly proof: Uint8Array
}

export interface AccountAct {
  readonly kind: 'account'
  readonly address: Address
  /** By the account's key over community and person, as wallets sign texts. */
  readonly proof: Uint8Array
}

export interface GenesisAct {
  readonly kind: 'genesis'
  readonly genesis: Uint8Array
}

export interface ChangeAct {
  readonly kind: 'change'
  readonly epoch: number
  /** In ascending order. */
  readonly validators: readonly Address[]
  /** r, s, v by a validator in force, over the system contract's digest: the chain says whether it counts. */
  readonly signature: Uint8Array
}

export interface MembersAct {
  readonly kind: 'members'
  /** How many changes of members by a quorum there were before. */
  readonly change: number
  /** Both in ascending order; together at least one. */
  readonly admitted: readonly Address[]
  readonly removed: readonly Address[]
  /** As a change's. */
  readonly signature: Uint8Array
}

export interface CheckpointAct {
  readonly kind: 'checkpoint'
  readonly chainId: number
  readonly genesisHash: Hash
  readonly height: number
  readonly block: Hash
  /** Seconds since 1970, of the block. */
  readonly timestamp: number
  /** Of the set that decides on the block after it. */
  readonly epoch: number
  /** In ascending order. */
  readonly validators: readonly Address[]
  /** Under which the device would validate. */
  readonly address: Address
  /** By that key over community, device and all of the above. */
  readonly proof: Uint8Array
}

export interface ChainAct {
  readonly kind: 'chain'
  /** Undefined: the community's own. */
  readonly chain: ChosenChain | undefined
}

export type LedgerAct = ValidatorAct | AccountAct | GenesisAct | ChangeAct | MembersAct | CheckpointAct | ChainAct

type Fields = Readonly<Record<string, unknown>>

export function readAct(kind: string, body: unknown): LedgerAct | undefined {
  switch (kind) {
    case 'validator': {
      const fields = fieldsOf(body)
      return { kind, address: address(fields), willing: boolean(fields, 'willing'), proof: proof(fields) }
    }
    case 'account': {
      const fields = fieldsOf(body)
      return { kind, address: address(fields), proof: proof(fields) }
    }
    case 'change':
      return readChange(fieldsOf(body))
    case 'members':
      return readMembers(fieldsOf(body))
    case 'checkpoint':
      return readCheckpoint(fieldsOf(body))
    case 'chain':
      return readChain(fieldsOf(body))
    case 'genesis':
      return { kind, genesis: bytes(fieldsOf(body), 'genesis', { min: 1, max: genesisEntryBytesMax }) }
    default:
      return undefined
  }
}

/** The body of an entry; its kind is the act's. */
export function writeBody(act: LedgerAct): Fields {
  switch (act.kind) {
    case 'genesis':
      return { genesis: act.genesis }
    case 'change': {
      const { epoch, validators, signature } = act
      return { epoch, validators: validators.map(hexBytes), signature }
    }
    case 'members': {
      const { change, admitted, removed, signature } = act
      return { change, admitted: admitted.map(hexBytes), removed: removed.map(hexBytes), signature }
    }
    case 'checkpoint': {
      const { kind: _, genesisHash, block, validators, address: by, ...plain } = act
      return {
        ...plain,
        genesisHash: hexBytes(genesisHash),
        block: hexBytes(block),
        validators: validators.map(hexBytes),
        address: hexBytes(by),
      }
    }
    case 'chain':
      return { chain: act.chain === undefined ? null : { ...act.chain } }
    case 'account':
      return { address: hexBytes(act.address), proof: act.proof }
    case 'validator':
      return { address: hexBytes(act.address), proof: act.proof, willing: act.willing }
  }
}

function readChange(fields: Fields): ChangeAct {
  const validators = addresses(fields, 'validators', { min: 1, max: validatorsMax })
  return { kind: 'change', epoch: count(fields, 'epoch'), validators, signature: signature(fields) }
}

function readMembers(fields: Fields): MembersAct {
  const admitted = addresses(fields, 'admitted', { min: 0, max: membersPerChangeMax })
  const removed = addresses(fields, 'removed', { min: 0, max: membersPerChangeMax })
  if (admitted.length + removed.length === 0) throw malformed('changes no members')
  return { kind: 'members', change: count(fields, 'change'), admitted, removed, signature: signature(fields) }
}

function readCheckpoint(fields: Fields): CheckpointAct {
  return {
    kind: 'checkpoint',
    chainId: count(fields, 'chainId'),
    genesisHash: hash(fields, 'genesisHash'),
    height: count(fields, 'height'),
    block: hash(fields, 'block'),
    timestamp: count(fields, 'timestamp'),
    epoch: count(fields, 'epoch'),
    validators: addresses(fields, 'validators', { min: 1, max: validatorsMax }),
    address: address(fields),
    proof: proof(fields),
  }
}

function readChain(fields: Fields): ChainAct {
  const value = at(fields, 'chain')
  if (value === null) return { kind: 'chain', chain: undefined }
  const chain = chainWordOf(fieldsOf(value))
  if (chain === undefined) throw malformed('names a chain that can’t be used')
  return { kind: 'chain', chain }
}

function malformed(what: string) {
  return ledgerWireErrors.ledger_body_malformed(`The body of an entry of the ledger ${what}.`)
}

function fieldsOf(body: unknown): Fields {
  const isMap = typeof body === 'object' && body !== null && !Array.isArray(body) && !(body instanceof Uint8Array)
  const prototype = isMap ? Object.getPrototypeOf(body) : undefined
  if (!isMap || (prototype !== Object.prototype && prototype !== null)) throw malformed('is not a map')
  return body as Fields
}

/** A field of its own, never one of the prototype. */
function at(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function boolean(fields: Fields, name: string): boolean {
  const value = at(fields, name)
  if (typeof value === 'boolean') return value
  throw malformed(`has no ${name}, which is true or false`)
}

function count(fields: Fields, name: string): number {
  const value = at(fields, name)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw malformed(`has no ${name}, which is a count`)
}

function bytes(fields: Fields, name: string, length: { readonly min: number; readonly max: number }): Uint8Array {
  const value = at(fields, name)
  if (value instanceof Uint8Array && value.length >= length.min && value.length <= length.max) return value
  throw malformed(`has no ${name} of ${length.min} to ${length.max} bytes`)
}

function proof(fields: Fields): Uint8Array {
  return bytes(fields, 'proof', { min: 65, max: 65 })
}

function signature(fields: Fields): Uint8Array {
  return bytes(fields, 'signature', { min: 65, max: 65 })
}

function hash(fields: Fields, name: string): Hash {
  return `0x${toHex(bytes(fields, name, { min: 32, max: 32 }))}` as Hash
}

function address(fields: Fields): Address {
  return addressOf(at(fields, 'address'))
}

/** In ascending order, each once. */
function addresses(fields: Fields, name: string, { min, max }: { readonly min: number; readonly max: number }) {
  const list = at(fields, name)
  if (!Array.isArray(list) || list.length < min || list.length > max) throw malformed(`has no ${name}`)
  const found = list.map(addressOf)
  if (found.some((one, place) => place > 0 && (found[place - 1] ?? '') >= one)) {
    throw malformed(`does not have its ${name} in order`)
  }
  return found
}

function addressOf(value: unknown): Address {
  if (value instanceof Uint8Array && value.length === 20) return `0x${toHex(value)}` as Address
  throw malformed('has no address of 20 bytes')
}

function hexBytes(text: Address | Hash): Uint8Array {
  return fromHex(text.slice(2)) ?? new Uint8Array(0)
}
