// Which change of the chain's members a validator signs, from its own view of the community's log and what others have signed. Pure.
//
//   log: gone, present ──► leaving, joining (on chain) ──► what may be signed      words ──► counted ──► the furthest ──► sign that
//
// Must stay true: nothing is signed but accounts that this computer's own log says are gone, or present; whoever has the same view
// and the same words picks the same change, so that words meet instead of passing each other.

import type { Address } from '../types.ts'
import type { SignedMembers } from './messages.ts'

export interface MembersView {
  /** Changes by a quorum so far. */
  readonly change: number
  /** In force. */
  readonly validators: readonly Address[]
  /** On chain, and nobody's any more; in ascending order. */
  readonly leaving: readonly Address[]
  /** Somebody's, and not on chain. */
  readonly joining: readonly Address[]
}

export interface CountedChange {
  readonly admitted: readonly Address[]
  readonly removed: readonly Address[]
  /** In ascending order of their addresses, as the contract wants them. */
  readonly signers: ReadonlyMap<Address, Uint8Array>
}

/** Of what this view allows to sign, the change that most validators in force have signed; of equal ones the first by its text. */
export function furthestChange(
  view: MembersView,
  words: readonly SignedMembers[],
  signerOf: (word: SignedMembers) => Address | undefined,
): CountedChange | undefined {
  const inForce = new Set(view.validators)
  const counted = new Map<string, { word: SignedMembers; signers: Map<Address, Uint8Array> }>()
  for (const word of words) {
    if (word.change !== view.change || !allows(view, word)) continue
    const signer = signerOf(word)
    if (signer === undefined || !inForce.has(signer)) continue
    const key = keyOf(word)
    const one = counted.get(key) ?? { word, signers: new Map() }
    one.signers.set(signer, word.signature)
    counted.set(key, one)
  }
  const [first] = [...counted].sort(([a, one], [b, other]) => other.signers.size - one.signers.size || (a < b ? -1 : 1))
  if (first === undefined) return undefined
  const { word, signers } = first[1]
  const { admitted, removed } = word
  return { admitted, removed, signers: new Map([...signers].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** What `self` would sign: the furthest change, or one of its own where there is none; undefined: nothing, or it has. */
export function changeToSign(
  view: MembersView,
  furthest: CountedChange | undefined,
  { self, membersMax }: { readonly self: Address; readonly membersMax: number },
): Pick<CountedChange, 'admitted' | 'removed'> | undefined {
  if (!view.validators.includes(self)) return undefined
  if (furthest !== undefined) return furthest.signers.has(self) ? undefined : furthest
  if (view.leaving.length === 0) return undefined
  return { admitted: [], removed: view.leaving.slice(0, membersMax) }
}

function allows({ leaving, joining }: MembersView, { admitted, removed }: SignedMembers): boolean {
  if (removed.length + admitted.length === 0) return false
  return removed.every((one) => leaving.includes(one)) && admitted.every((one) => joining.includes(one))
}

function keyOf({ admitted, removed }: SignedMembers): string {
  return `${removed.join()};${admitted.join()}`
}
