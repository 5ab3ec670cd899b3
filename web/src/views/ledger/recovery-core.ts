// A recovery ceremony as people read it. Pure.

import type { Ledger, LedgerRecoveryPerson } from '../../../../src/sdk/types.ts'
import { shortHash } from './core.ts'

export function personText({ name, address, isSelf }: LedgerRecoveryPerson): string {
  const called = name === '' ? shortHash(address) : name
  return isSelf ? `${called} (this computer)` : called
}

export function personsText(persons: readonly LedgerRecoveryPerson[]): string {
  return persons.length === 0 ? 'nobody' : persons.map(personText).join(', ')
}

/** More are away than may be, or others went on by a recovery that is not known here, or what was confirmed does not fit. */
export function mayNeedRecovery({ chain, validators, state }: Ledger): boolean {
  if (chain === null) return state === 'down'
  const inSet = validators.filter((one) => one.inSet)
  const away = inSet.filter(({ online }) => !online).length
  return chain.stuck?.code === 'recovery_unknown' || (inSet.length > 1 && away > inSet.length - chain.quorum)
}

const digitsOf = (text: string) => text.toLowerCase().replace(/[^0-9a-z]/g, '')

/** What is wrong with a fingerprint that was typed as it was heard; undefined: nothing, or it is not whole yet. */
export function fingerprintProblem(typed: string, fingerprint: string): string | undefined {
  const [heard, own] = [digitsOf(typed), digitsOf(fingerprint)]
  if (heard === own || (heard.length < own.length && own.startsWith(heard))) return undefined
  return 'This file has another one. Do not confirm it: it is not what the others have.'
}

/** As the API takes it. */
export function bytesToFile(bytes: Uint8Array): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

export function fileToBytes(file: string): Uint8Array<ArrayBuffer> {
  const pairs = file.slice(2).match(/../g) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}
