// Contradicting signatures: checked, kept on disk, told to everyone once. One pair a validator and epoch is enough.
//
//   file 'evidence' = { length (u32) ‖ evidence (consensus' encoding) } …
//
// Must stay true: nothing is kept that does not hold against the set of its epoch; at most `evidenceMax`, the oldest stay.

import { concatBytes } from '../../base/bytes.ts'
import type { Log } from '../../base/ports.ts'
import type { Chain } from '../chain/types.ts'
import { checkEvidence } from '../consensus/certificate-core.ts'
import type { Evidence, Recover, Vote } from '../consensus/types.ts'
import { decodeEvidence, encodeEvidence } from '../consensus/vote-wire.ts'
import type { Address, ValidatorSet } from '../types.ts'
import { Cursor, sized } from './cursor.ts'
import { fault, validatorErrors } from './errors.ts'
import { evidenceBytesMax, evidenceMax } from './limits.ts'
import type { EvidenceRecord, LedgerDisk } from './types.ts'

export interface EvidenceStore {
  all(): readonly EvidenceRecord[]
  /** The record, where it is news. */
  add(evidence: Evidence): EvidenceRecord | undefined
  /** Of a peer. Throws `ledger_evidence_invalid`. */
  take(bytes: Uint8Array): EvidenceRecord | undefined
}

export interface EvidenceParts {
  readonly chain: Chain
  readonly disk: LedgerDisk
  readonly recover: Recover
  readonly log: Log
}

const fileName = 'evidence'
const fileBytesMax = evidenceMax * (4 + evidenceBytesMax)

export async function openEvidence(parts: EvidenceParts): Promise<EvidenceStore> {
  const { chain, disk, recover, log } = parts
  const records = new Map<string, EvidenceRecord>()
  let saving: Promise<void> = Promise.resolve()

  function accept(evidence: Evidence): EvidenceRecord | undefined {
    const { epoch, view } = evidence.first
    const set = setOf(chain, epoch)
    const validator = set === undefined ? undefined : checkEvidence(evidence, set, chain.genesisHash, recover)
    if (validator === undefined) return undefined
    const key = `${epoch}/${validator}`
    if (records.has(key) || records.size >= evidenceMax) return undefined
    const sentence = sentenceOf(validator, evidence)
    const record = { validator, epoch, view, sentence, bytes: encodeEvidence(evidence) }
    records.set(key, record)
    return record
  }

  function save(): void {
    saving = saving
      .then(() => disk.replace(fileName, concatBytes(...[...records.values()].map(({ bytes }) => sized(bytes)))))
      .catch((error) => log.warn('ledger_evidence_not_kept', { error }))
  }

  function add(evidence: Evidence): EvidenceRecord | undefined {
    const record = accept(evidence)
    if (record !== undefined) save()
    return record
  }

  for (const bytes of decodeEvidenceFile((await disk.read(fileName, fileBytesMax)) ?? new Uint8Array(0))) {
    accept(decodeEvidence(bytes))
  }
  return {
    all: () => [...records.values()],
    add,
    take(bytes) {
      const evidence = decode(bytes)
      // Of an epoch that has not begun here: it comes again.
      if (setOf(chain, evidence.first.epoch) === undefined) return undefined
      const { epoch } = evidence.first
      const isKnown = [...records.values()].some(
        (record) => record.epoch === epoch && isOf(chain, record, evidence.first),
      )
      if (isKnown) return undefined
      const record = add(evidence)
      if (record === undefined && records.size < evidenceMax) throw fault('ledger_evidence_invalid')
      return record
    },
  }
}

function decode(bytes: Uint8Array): Evidence {
  try {
    return decodeEvidence(bytes)
  } catch {
    throw fault('ledger_evidence_invalid')
  }
}

function isOf(chain: Chain, record: EvidenceRecord, vote: Vote): boolean {
  return setOf(chain, vote.epoch)?.validators[vote.validator] === record.validator
}

/** Who decided, or decides, in an epoch. */
export function setOf(chain: Chain, epoch: number): ValidatorSet | undefined {
  const now = chain.validators()
  if (epoch === now.epoch) return now
  if (epoch === 0) return { epoch, validators: chain.genesis.validators }
  return chain.epochEnd(epoch - 1)?.next
}

/** Throws `ledger_file_damaged`. */
export function decodeEvidenceFile(bytes: Uint8Array): readonly Uint8Array[] {
  const cursor = new Cursor(bytes, () => validatorErrors.ledger_file_damaged('The file of evidence is damaged.'))
  const found: Uint8Array[] = []
  while (cursor.left > 0) found.push(cursor.bytes(evidenceBytesMax, 1))
  return found
}

function sentenceOf(validator: Address, { first, second }: Evidence): string {
  const said = (vote: Vote) =>
    vote.kind === 'nullify' ? 'that it has no block' : `${vote.kind} ${vote.block?.slice(0, 10)}…`
  return `${validator} signed for both in view ${first.view} of epoch ${first.epoch}: ${said(first)}, and ${said(second)}.`
}
