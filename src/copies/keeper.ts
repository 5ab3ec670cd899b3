// The keeper's side: for whom this computer keeps copies, how much, and what it answers to those persons' computers.
//
// What must stay true: nothing is kept for anybody who was not agreed with, and never more wire bytes of one person than was
// agreed to; what does not fit is refused before a byte of it is taken. Only a keep link is ever needed: what it holds of a
// private share it can't read.

import { equalBytes } from '../base/bytes.ts'
import { isPeerhoodError, type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import { createTurns } from '../base/turns.ts'
import { shareIdOf } from '../content/format/keys.ts'
import { parseLink } from '../content/format/link.ts'
import { openRecord } from '../content/format/record.ts'
import type { LibraryService } from '../content/library/library.ts'
import type { Holding, ShareId, ShareLink, VersionRecord } from '../content/types.ts'
import type { PersonDid } from '../identity/types.ts'
import type { PeerAddress } from '../network/types.ts'
import type { TransferService, TransferView } from '../transfer/types.ts'
import { copiesErrors, fault } from './errors.ts'
import { agreementsMax, heldPerPersonMax, numberMax } from './limits.ts'
import { proofOf } from './proof.ts'
import type { AgreementRow, CopiesStore, HeldRow } from './store.ts'
import type { Agreement } from './types.ts'
import { type Answer, type Asked, type HeldState, isLabel, refuse } from './wire.ts'

export interface KeeperParts {
  readonly clock: Clock
  readonly log: Log
  readonly library: Pick<LibraryService, 'byShare' | 'byDiscovery' | 'openKept' | 'removeKept' | 'on'>
  readonly transfers: Pick<TransferService, 'list' | 'add' | 'cancel' | 'remove'>
  readonly store: CopiesStore
  /** What this computer is called. */
  readonly label: () => string
  readonly changed: () => void
}

/** Whom an agreement is with, and how they are told of it. */
export interface Named {
  readonly person: PersonDid
  readonly name: string
  readonly token: Uint8Array | undefined
  readonly peers: readonly PeerAddress[]
}

export type KeeperAsked = Exclude<Asked, { kind: 'hello' }>

export interface KeeperDesk {
  start(): Cancel
  answer(frame: KeeperAsked, person: PersonDid, signal: AbortSignal): Promise<Answer>
  list(): readonly Agreement[]
  agree(named: Named, bytesMax: number): Agreement
  end(person: PersonDid): Promise<void>
  decline(share: ShareId): void
}

export function createKeeperDesk(parts: KeeperParts): KeeperDesk {
  const { clock, log, library, store, changed } = parts
  // One change of what is held at a time: what fits is decided and noted without another one in between.
  const inTurn = createTurns(1)

  async function answer(frame: KeeperAsked, person: PersonDid, signal: AbortSignal): Promise<Answer> {
    const agreement = store.agreement(person)
    if (agreement === undefined) return refuse('not_agreed')
    switch (frame.kind) {
      case 'ask':
        noteAsked(agreement)
        return offer(parts, agreement, frame)
      case 'keep':
        return inTurn(() => keep(parts, agreement, frame))
      case 'prove':
        return prove(parts, person, frame, signal)
      case 'drop':
        return inTurn(() => drop(person, frame))
    }
  }

  /** To the minute: it is asked every few seconds. */
  function noteAsked(agreement: AgreementRow): void {
    const nowMs = Math.round(clock.nowMs())
    if (agreement.askedMs !== undefined && Math.abs(nowMs - agreement.askedMs) < noteEveryMs) return
    store.putAgreement({ ...agreement, askedMs: nowMs })
    changed()
  }

  async function drop(person: PersonDid, { share }: Extract<Asked, { kind: 'drop' }>): Promise<Answer> {
    const row = store.heldFor(person).find(({ discovery }) => equalBytes(discovery, share))
    if (row !== undefined) await letGo(parts, row)
    return { kind: 'done' }
  }

  /** A newer version than was asked for may have come from another peer, and may not fit. */
  function onAdded(holding: Holding): void {
    for (const row of store.held()) {
      if (row.share !== holding.shareId || row.declined || row.bytes === holding.record.bytes) continue
      const agreement = store.agreement(row.person)
      if (agreement === undefined || holding.record.sequence <= row.sequence) continue
      store.putHeld({ ...row, bytes: holding.record.bytes, sequence: holding.record.sequence })
      changed()
      if (freeFor(store, agreement) >= 0) continue
      log.warn('copy_outgrew', { share: row.share, bytes: holding.record.bytes })
      void inTurn(() => letGo(parts, row)).catch((error: unknown) => {
        log.error('copy_not_removed', { share: row.share, code: toPeerhoodError(error).code })
      })
    }
  }

  return {
    start: () => library.on((event) => event.type === 'added' && onAdded(event.holding)),
    answer,
    list: () => store.agreements().map((row) => viewOf(store, row)),
    agree(named, bytesMax) {
      if (!Number.isInteger(bytesMax) || bytesMax < 1 || bytesMax > numberMax) {
        throw copiesErrors.copies_size_wrong('That is no number of bytes.')
      }
      const before = store.agreement(named.person)
      if (before === undefined && store.agreements().length >= agreementsMax) {
        throw copiesErrors.copies_agreements_too_many(`You keep copies for ${agreementsMax} persons already.`)
      }
      const row: AgreementRow = {
        person: named.person,
        name: named.name || before?.name || '',
        bytesMax,
        token: named.token ?? before?.token,
        peers: named.peers.length > 0 ? named.peers : (before?.peers ?? []),
        sinceMs: before?.sinceMs ?? Math.round(clock.nowMs()),
        // Agreed anew: whoever it is for is told again.
        askedMs: undefined,
      }
      store.putAgreement(row)
      changed()
      return viewOf(store, row)
    },
    async end(person) {
      if (store.agreement(person) === undefined) {
        throw copiesErrors.copies_agreement_unknown('You keep no copies for this person.')
      }
      // First: what is asked from now on is refused.
      store.removeAgreement(person)
      for (const row of store.heldFor(person)) await inTurn(() => letGo(parts, row))
      changed()
    },
    decline(share) {
      for (const row of store.held()) {
        if (row.share === share) store.putHeld({ ...row, bytes: 0, made: false, declined: true })
      }
      changed()
    },
  }
}

const noteEveryMs = 60_000

function viewOf(store: CopiesStore, { person, name, bytesMax, sinceMs, askedMs }: AgreementRow): Agreement {
  const held = store.heldFor(person).filter(({ declined }) => !declined)
  const bytes = held.reduce((sum, row) => sum + row.bytes, 0)
  return { person, name, bytesMax, bytes, copies: held.length, sinceMs, askedMs }
}

/** Negative where what is held outgrew what was agreed to. */
function freeFor(store: CopiesStore, { person, bytesMax }: AgreementRow, besides?: ShareId): number {
  const held = store.heldFor(person).filter(({ share }) => share !== besides)
  return bytesMax - held.reduce((sum, row) => sum + row.bytes, 0)
}

// ---- what is asked

function offer(parts: KeeperParts, agreement: AgreementRow, { shares }: Extract<Asked, { kind: 'ask' }>): Answer {
  const { store, library } = parts
  const held = store.heldFor(agreement.person).filter(({ declined }) => !declined)
  const states = shares.map((discovery): HeldState => {
    const row = held.find((one) => equalBytes(one.discovery, discovery))
    const holding = row === undefined ? undefined : library.byShare(row.share)
    if (holding === undefined) return { has: 'none', sequence: 0, blocks: 0 }
    const { complete, record, have } = holding
    return { has: complete ? 'complete' : 'partial', sequence: record.sequence, blocks: have.ones }
  })
  const label = parts.label()
  return {
    kind: 'offer',
    free: Math.max(0, freeFor(store, agreement)),
    label: isLabel(label) ? label : '',
    states,
  }
}

async function keep(
  parts: KeeperParts,
  agreement: AgreementRow,
  { link: linkText, record: recordBytes }: Extract<Asked, { kind: 'keep' }>,
): Promise<Answer> {
  const { store, library, changed } = parts
  const { link, record } = readShare(linkText, recordBytes)
  const share = shareIdOf(link.share)
  const before = store.heldFor(agreement.person).find((row) => row.share === share)
  if (before?.declined === true) return refuse('declined')
  const free = freeFor(store, agreement, share)
  if (record.bytes > free) return refuse('full', Math.max(0, free))
  if (before === undefined && store.heldFor(agreement.person).length >= heldPerPersonMax) return refuse('full')
  const present = library.byShare(share)
  const row: HeldRow = {
    ...{ person: agreement.person, share, discovery: link.discovery, bytes: record.bytes, sequence: record.sequence },
    ...{ made: before?.made ?? isMade(store, share, present), declined: false },
  }
  store.putHeld(row)
  changed()
  if (present?.complete === true && present.record.sequence >= record.sequence) return { kind: 'done' }
  try {
    await begin(parts, { link, linkText, recordBytes })
    return { kind: 'done' }
  } catch (error) {
    if (before === undefined) await letGo(parts, row)
    else store.putHeld(before)
    return refusalOf(toPeerhoodError(error))
  }
}

/** Whether nobody but those who ask for copies wants it here. */
function isMade(store: CopiesStore, share: ShareId, present: Holding | undefined): boolean {
  return present === undefined || store.held().some((row) => row.share === share && row.made)
}

/** Throws `copies_share_wrong`. */
function readShare(linkText: string, recordBytes: Uint8Array): { link: ShareLink; record: VersionRecord } {
  try {
    const link = parseLink(linkText)
    const record = openRecord(recordBytes, link.share)
    // A link that reads a private share is more than a keeper may have.
    const isFit = record.visibility === link.visibility && link.secret === undefined
    if (isFit) return { link, record }
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
  throw fault('copies_share_wrong')
}

/** A keep that is under way learns of newer versions by itself; else the version that was sent is what is fetched. */
async function begin(
  { library, transfers }: KeeperParts,
  { link, linkText, recordBytes }: { link: ShareLink; linkText: string; recordBytes: Uint8Array },
): Promise<void> {
  const keeps = transfers.list().filter((one) => one.mode === 'keep' && one.shareId === shareIdOf(link.share))
  if (keeps.some(isUnderWay)) return
  await library.openKept({ link, recordBytes })
  // One that ended would only pile up in the list.
  for (const { id, state } of keeps) if (state !== 'failed') await transfers.remove(id)
  await transfers.add({ link, linkText, mode: 'keep', to: undefined, only: undefined })
}

function isUnderWay({ state }: TransferView): boolean {
  return state === 'searching' || state === 'preparing' || state === 'transferring' || state === 'paused'
}

function refusalOf(error: PeerhoodError): Answer {
  if (error.kind === 'local') return refuse('disk')
  // Somebody else was told a newer version first: the author asks again by itself.
  return refuse('busy')
}

async function prove(
  { library, store, log }: KeeperParts,
  person: PersonDid,
  { share, sequence, nonce, blocks }: Extract<Asked, { kind: 'prove' }>,
  signal: AbortSignal,
): Promise<Answer> {
  const row = store.heldFor(person).find(({ discovery }) => equalBytes(discovery, share))
  const holding = row === undefined ? undefined : library.byShare(row.share)
  if (holding === undefined || holding.record.sequence !== sequence) return refuse('not_here')
  if (!blocks.every((index) => holding.have.has(index))) return refuse('not_here')
  try {
    return { kind: 'proof', digest: await proofOf(holding, nonce, blocks, signal) }
  } catch (error) {
    log.warn('copy_not_proven', { share: holding.shareId, code: toPeerhoodError(error).code })
    return refuse('not_here')
  }
}

/** Forgets a row, and deletes the copy where nobody else wants it. */
async function letGo({ store, library, transfers, changed }: KeeperParts, row: HeldRow): Promise<void> {
  store.removeHeld(row.person, row.share)
  changed()
  if (!row.made || store.held().some((other) => other.share === row.share && !other.declined)) return
  for (const one of transfers.list()) {
    if (one.mode !== 'keep' || one.shareId !== row.share) continue
    if (isUnderWay(one)) await transfers.cancel(one.id)
    await transfers.remove(one.id)
  }
  await library.removeKept(row.share)
}
