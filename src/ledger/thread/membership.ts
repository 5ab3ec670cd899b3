// Members of the chain follow those of the community: who left, was removed, or has another account loses the free quota. Each
// validator in force signs what its own view of the community's log says; with a quorum of the same, one of them sends it.
// Newcomers are let in by any one validator (admit.ts).

import { toPeerhoodError } from '../../base/errors.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { readIsMember, readMemberChanges, readMemberCount, readMembers } from '../chain/system-contract.ts'
import type { Chain } from '../chain/types.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { recoverAddress } from '../evm/crypto.ts'
import type { StateReader } from '../evm/types.ts'
import { changeGas, goneAskedMax, memberGas, memberSignatureGas, membersAtOnce, membersListedMax } from '../limits.ts'
import type { Address } from '../types.ts'
import { systemCall } from '../validator/system-call.ts'
import type { LedgerNode } from '../validator/types.ts'
import { membersCall, membersDigest } from './contract-calls.ts'
import { type CountedChange, changeToSign, furthestChange, type MembersView } from './membership-core.ts'
import type { Membership, SignedMembers } from './messages.ts'
import { validatorSigner } from './signer.ts'
import { waitTurn } from './turn.ts'

export interface MembershipParts {
  readonly chain: Chain
  readonly node: Pick<LedgerNode, 'submit'>
  readonly clock: Clock
  readonly log: Log
  readonly secret: Uint8Array | undefined
}

/** What the community's log says. */
export interface MembersSaid {
  readonly gone: readonly Address[]
  readonly present: readonly Address[]
  readonly words: readonly SignedMembers[]
}

const nothing: Membership = {
  ...{ members: 0, change: 0, joining: 0, leaving: [], bound: [], signed: 0, needed: 0, say: undefined },
}

export function createMembership({ chain, node, clock, log, secret }: MembershipParts) {
  const signer = secret === undefined ? undefined : validatorSigner(secret)
  const stopping = new AbortController()
  let isSending = false

  const digestOf = (word: Omit<SignedMembers, 'signature'>) => membersDigest(chain.genesis.chainId, word)

  async function viewOf({ gone, present }: MembersSaid) {
    const state = chain.state(chain.head().hash)
    if (state === undefined) return undefined
    const { validators } = chain.validators()
    const isOf = async (all: readonly Address[], isMember: boolean) => {
      const found: Address[] = []
      for (const one of new Set(all)) if ((await readIsMember(state, one)) === isMember) found.push(one)
      return found.sort()
    }
    const still = gone.length > goneAskedMax ? await isAmong(state, gone) : await isOf(gone, true)
    const view: MembersView = {
      change: await readMemberChanges(state),
      validators,
      leaving: still.filter((one) => !validators.includes(one)),
      joining: await isOf(present, false),
    }
    const bound = still.filter((one) => validators.includes(one))
    return { view, bound, members: await readMemberCount(state) }
  }

  function furthest(view: MembersView, words: readonly SignedMembers[]) {
    return furthestChange(view, words, (word) => recoverAddress(digestOf(word), word.signature))
  }

  /** One validator after the other gets its turn, so that one does it and none that is away holds it up. */
  async function send(said: MembersSaid, view: MembersView): Promise<void> {
    const place = signer === undefined ? -1 : view.validators.indexOf(signer.address)
    if (place < 0 || signer === undefined) return
    const { length: count } = view.validators
    await waitTurn({ place, count, first: view.change }, { clock, signal: stopping.signal })
    const now = await viewOf(said)
    const found = now === undefined ? undefined : furthest(now.view, said.words)
    if (found === undefined || !isEnough(found, view.validators.length)) return
    const signatures = [...found.signers.values()].slice(0, quorumOf(view.validators.length))
    const accounts = found.admitted.length + found.removed.length
    const gasLimit = changeGas + memberSignatureGas * BigInt(signatures.length) + memberGas * BigInt(accounts)
    await node.submit(await systemCall(chain, signer, { data: membersCall(found, signatures), gasLimit }))
    log.info('ledger_members_changed', { admitted: found.admitted.length, removed: found.removed.length })
  }

  async function trySend(said: MembersSaid, view: MembersView): Promise<void> {
    if (isSending) return
    isSending = true
    try {
      await send(said, view)
    } catch (error) {
      if (!stopping.signal.aborted) log.warn('ledger_members_not_changed', { how: toPeerhoodError(error).code })
    } finally {
      isSending = false
    }
  }

  /** Whoever names many accounts makes nobody read more than there are members. */
  async function isAmong(state: StateReader, gone: readonly Address[]): Promise<Address[]> {
    const asked = new Set(gone)
    return (await readMembers(state, membersListedMax)).filter((one) => asked.has(one)).sort()
  }

  return {
    /** Sends what enough have signed, when it is this validator's turn. */
    async consider(said: MembersSaid): Promise<Membership> {
      const now = await viewOf(said)
      if (now === undefined) return nothing
      const { view, bound, members } = now
      const { change, validators, leaving, joining } = view
      const found = furthest(view, said.words)
      if (found !== undefined && isEnough(found, validators.length)) void trySend(said, view)
      const self = signer?.address
      const mine = self === undefined ? undefined : changeToSign(view, found, { self, membersMax: membersAtOnce })
      const { admitted = [], removed = [] } = mine ?? {}
      const word = { change, admitted: [...admitted], removed: [...removed] }
      return {
        ...{ members, change, leaving, bound },
        joining: joining.length,
        signed: found?.signers.size ?? 0,
        needed: quorumOf(validators.length),
        say:
          mine === undefined || signer === undefined ? undefined : { ...word, signature: signer.sign(digestOf(word)) },
      }
    },
    async members(): Promise<readonly Address[]> {
      const state = chain.state(chain.head().hash)
      return state === undefined ? [] : readMembers(state, membersListedMax)
    },
    stop: () => stopping.abort(),
  }
}

function isEnough({ signers }: CountedChange, validators: number): boolean {
  return signers.size >= quorumOf(validators)
}
