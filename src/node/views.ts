// From the features' words to the API's: absent becomes null, numbers become whole, errors become sentences. Pure.

import type { DoctorReport, Link, Peer, Share, Transfer } from '../api/schemas.ts'
import type { PeerhoodError } from '../base/errors.ts'
import type { LinkTexts, OwnShare, ShareFacts } from '../content/library/share-view.ts'
import type { ShareLink } from '../content/types.ts'
import type { DoctorCheck, PeerView } from '../network/types.ts'
import type { TransferView, UploadView } from '../transfer/types.ts'

export function peerToApi(peer: PeerView): Peer {
  return {
    ...peer,
    address: peer.address ?? null,
    pathSentence: peer.pathSentence ?? null,
    latencyMs: peer.latencyMs ?? null,
    bytesIn: whole(peer.bytesIn),
    bytesOut: whole(peer.bytesOut),
    connectedAtMs: peer.connectedAtMs === undefined ? null : whole(peer.connectedAtMs),
    agent: peer.agent ?? null,
  }
}

export function transferToApi(transfer: TransferView): Transfer {
  const { problem } = transfer
  return {
    ...transfer,
    name: transfer.name ?? null,
    kind: transfer.kind ?? null,
    path: transfer.path ?? null,
    only: transfer.only ?? null,
    secondsLeft: transfer.secondsLeft ?? null,
    startedAtMs: whole(transfer.startedAtMs),
    endedAtMs: transfer.endedAtMs === undefined ? null : whole(transfer.endedAtMs),
    peers: transfer.peers.map((peer) => ({ ...peer })),
    problem: problem === undefined ? null : { ...problemToApi(problem), kind: problem.kind },
  }
}

export function problemToApi(problem: PeerhoodError): { code: string; sentence: string; hint: string } {
  return { code: problem.code, sentence: problem.message, hint: problem.hint }
}

export function linkToApi(link: ShareLink, shareId: string): Link {
  return { kind: link.kind, visibility: link.visibility, shareId, peers: link.peers.map((peer) => peer.peerId) }
}

/** `links` are undefined before the first version, `upload` when nobody has fetched it. */
export function shareToApi(
  facts: OwnShare | ShareFacts,
  links: LinkTexts | undefined,
  upload: UploadView | undefined,
): Share {
  const { id, origin, visibility, state, sequence, files, bytes, blocks, blocksHere } = facts
  const problem = 'problem' in facts ? facts.problem : undefined
  return {
    id,
    origin,
    visibility,
    state,
    name: facts.name ?? null,
    kind: facts.kind ?? null,
    path: facts.path ?? null,
    link: links?.link ?? null,
    keepLink: links?.keepLink ?? null,
    cid: facts.cid ?? null,
    sequence,
    files,
    bytes,
    blocks,
    blocksHere,
    scan: ('scan' in facts ? facts.scan : undefined) ?? null,
    skipped: 'skipped' in facts ? facts.skipped.map((skipped) => ({ ...skipped })) : [],
    skippedCount: 'skippedCount' in facts ? facts.skippedCount : 0,
    problem: problem === undefined ? null : problemToApi(problem),
    fetching: (upload?.peers ?? []).map((peer) => ({ ...peer })),
    uploadedBytes: whole(upload?.bytesTotal ?? 0),
    createdMs: whole(facts.createdMs),
    updatedMs: whole(facts.updatedMs),
  }
}

/** The worst state of any check is the report's; what was skipped has no say. */
export function checksToReport(checks: readonly DoctorCheck[]): DoctorReport {
  const has = (state: DoctorCheck['state']) => checks.some((check) => check.state === state)
  return {
    state: has('failed') ? 'failed' : has('warning') ? 'warning' : 'ok',
    checks: checks.map((check) => ({ ...check, advice: check.advice ?? null })),
  }
}

function whole(value: number): number {
  return Math.max(0, Math.round(value))
}
