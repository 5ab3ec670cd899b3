// Where a validator stands, for people; and what its write-ahead log has to hold, for the disk.

import { addressAt, isUnsettled, leaderPlace, others, type State } from './state-core.ts'
import type { Standing, WalRecord } from './types.ts'

export function standingOf(state: State): Standing {
  const { base, committee, maySign, notarized, view } = state
  const heard = (address: string) => [...state.peers].some(([of, peer]) => of === address && peer.heardView >= view)
  return {
    epoch: committee.set.epoch,
    view,
    height: base.height,
    validators: committee.size,
    quorum: committee.quorum,
    leader: addressAt(state, leaderPlace(state)),
    isIdle: !state.hasWork && !isUnsettled(state),
    maySign,
    asking: askingOf(state),
    unfinal: notarized.size,
    silent: others(state).filter((address) => !heard(address)),
  }
}

function askingOf(state: State): Standing['asking'] {
  const { committee, finding, findNeeded: needed, mustConfirm } = state
  if (!mustConfirm || finding === undefined) return undefined
  const silent = others(state).filter((address) => !finding.has(committee.placeOf.get(address) ?? -1))
  return { answered: finding.size, needed, silent }
}

/** Everything that was promised and is not settled, and the end of the epoch before. */
export function recordsOf(state: State, rest: readonly WalRecord[]): readonly WalRecord[] {
  const { baseCertificate, entries, finalized, notarized, nullified, ownVotes, previous } = state
  const certificates = [previous?.certificate, baseCertificate, ...notarized.values(), ...nullified.values(), finalized]
  return [
    ...(previous?.blocks ?? []).map((block) => ({ kind: 'block' as const, block })),
    ...[...entries.values()].filter(({ isLogged }) => isLogged).map(({ block }) => ({ kind: 'block' as const, block })),
    ...certificates
      .filter((certificate) => certificate !== undefined)
      .map((certificate) => ({ kind: 'certificate' as const, certificate })),
    ...ownVotes.map((vote) => ({ kind: 'vote' as const, vote })),
    ...rest,
  ]
}
