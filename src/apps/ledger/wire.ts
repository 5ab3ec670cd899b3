// What entries of the app `ledger` say, read strictly from the body that the community opened, and made into one. Pure. A
// kind that is not known gives undefined (a later version's); a known one that is not as docs/protocol/ledger-log.md says
// throws `ledger_body_malformed` and nothing else. Fields that are not known are ignored.
//
//   validator { address, willing, proof }   account { address, proof }   genesis { genesis }
//   change { epoch, validators, signature }
//
// What is in a genesis is read by who opens the ledger (ledger/chain/genesis-wire.ts): here it is bytes.

import { fromHex, toHex } from '../../base/bytes.ts'
import type { Address } from '../../ledger/types.ts'
import { ledgerWireErrors } from './errors.ts'
import { genesisEntryBytesMax, validatorsMax } from './limits.ts'

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

export type LedgerAct = ValidatorAct | AccountAct | GenesisAct | ChangeAct

type Fields = Readonly<Record<string, unknown>>

export function readAct(kind: string, body: unknown): LedgerAct | undefined {
  if (kind === 'validator') {
    const fields = fieldsOf(body)
    return { kind, address: address(fields), willing: boolean(fields, 'willing'), proof: proof(fields) }
  }
  if (kind === 'account') {
    const fields = fieldsOf(body)
    return { kind, address: address(fields), proof: proof(fields) }
  }
  if (kind === 'change') return readChange(fieldsOf(body))
  if (kind !== 'genesis') return undefined
  return { kind, genesis: bytes(fieldsOf(body), 'genesis', { min: 1, max: genesisEntryBytesMax }) }
}

/** The body of an entry; its kind is the act's. */
export function writeBody(act: LedgerAct): Fields {
  if (act.kind === 'genesis') return { genesis: act.genesis }
  if (act.kind === 'change') {
    const { epoch, validators, signature } = act
    return { epoch, validators: validators.map(addressBytes), signature }
  }
  const common = { address: addressBytes(act.address), proof: act.proof }
  return act.kind === 'validator' ? { ...common, willing: act.willing } : common
}

function readChange(fields: Fields): ChangeAct {
  const epoch = at(fields, 'epoch')
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch) || epoch < 0) throw malformed('has no epoch')
  const list = at(fields, 'validators')
  if (!Array.isArray(list) || list.length === 0 || list.length > validatorsMax) throw malformed('names no validators')
  const validators = list.map(addressOf)
  if (validators.some((one, place) => place > 0 && (validators[place - 1] ?? '') >= one)) {
    throw malformed('does not have its validators in order')
  }
  return { kind: 'change', epoch, validators, signature: bytes(fields, 'signature', { min: 65, max: 65 }) }
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

function bytes(fields: Fields, name: string, length: { readonly min: number; readonly max: number }): Uint8Array {
  const value = at(fields, name)
  if (value instanceof Uint8Array && value.length >= length.min && value.length <= length.max) return value
  throw malformed(`has no ${name} of ${length.min} to ${length.max} bytes`)
}

function proof(fields: Fields): Uint8Array {
  return bytes(fields, 'proof', { min: 65, max: 65 })
}

function address(fields: Fields): Address {
  return addressOf(at(fields, 'address'))
}

function addressOf(value: unknown): Address {
  if (value instanceof Uint8Array && value.length === 20) return `0x${toHex(value)}` as Address
  throw malformed('has no address of 20 bytes')
}

function addressBytes(text: Address): Uint8Array {
  return fromHex(text.slice(2)) ?? new Uint8Array(0)
}
