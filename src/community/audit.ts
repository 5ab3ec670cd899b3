// The log as people can check it: who did what, with proof; whether all of it holds; all that can be read of it.

import { createHash } from 'node:crypto'
import type { PersonDid } from '../identity/types.ts'
import { idBytes } from '../log/ids.ts'
import { createSignatureChecker } from '../log/signature.ts'
import type { CommunityLog, EntryId, StoredEntry } from '../log/types.ts'
import { partsOf, signedBytes } from '../log/wire.ts'
import { createMerkleTree, rootToWords } from './audit-core.ts'
import { auditPageMax, problemsListedMax } from './limits.ts'
import type { Room } from './room.ts'
import type { AuditedEntry, Verified } from './types.ts'

export function auditEntry(room: Room | undefined, stored: StoredEntry): AuditedEntry {
  const { entry } = stored
  const { signature } = partsOf(entry.bytes)
  if (room === undefined) {
    return { stored, signature, said: undefined, act: undefined, person: undefined, voided: 'sealed' }
  }
  const person = personOf(room, entry.device)
  const opened = room.open(entry)
  const said = opened === 'malformed' ? undefined : opened
  if (opened === undefined) return { stored, signature, said, act: undefined, person, voided: 'sealed' }
  if (opened === 'malformed') return { stored, signature, said, act: undefined, person, voided: 'malformed' }
  if (entry.lane === 0) {
    return { stored, signature, said, act: room.act(entry.id), person, voided: room.state.voided.get(entry.id) }
  }
  const counted = room.counts(entry)
  return { stored, signature, said, act: undefined, person, voided: typeof counted === 'string' ? counted : undefined }
}

function personOf({ state }: Room, device: string): PersonDid | undefined {
  for (const member of state.members.values()) {
    if (member.devices.some((one) => one.device === device)) return member.person
  }
  return undefined
}

/** Checks every hash (by reading: what is damaged is not handed out) and every signature. May take minutes. */
export async function verifyLog(log: CommunityLog, { signal }: { readonly signal: AbortSignal }): Promise<Verified> {
  const check = createSignatureChecker()
  const ids: EntryId[] = []
  /** Of a device that forked, what does not count need not be everywhere: it is checked, and no part of the root. */
  const forkedFrom = new Map(log.forks().map(({ device, seq }) => [device, seq]))
  let entries = 0
  /** Entries whose own signature is wrong, with the one before: a later one of the device that is right proves them. */
  const wrong = new Map<EntryId, EntryId | undefined>()
  for (let after = 0; ; ) {
    signal.throwIfAborted()
    const page = log.entriesAfter(after, auditPageMax)
    for (const { entry } of page) {
      const { header, signature } = partsOf(entry.bytes)
      if (!check({ key: idBytes(entry.device), message: signedBytes(header), signature }))
        wrong.set(entry.id, entry.prev)
      else for (let at = entry.prev; at !== undefined && wrong.has(at); ) at = prove(wrong, at)
      entries += 1
      if (entry.seq < (forkedFrom.get(entry.device) ?? Number.POSITIVE_INFINITY)) ids.push(entry.id)
    }
    const last = page.at(-1)
    if (last === undefined) break
    after = last.arrival
    await new Promise((resolve) => setImmediate(resolve))
  }
  const damaged = log.counts().entries - entries
  const tree = createMerkleTree((bytes) => createHash('sha256').update(bytes).digest())
  for (const id of ids.sort()) tree.add(id)
  const root = tree.root()
  const problems = [
    ...[...wrong.keys()].map((entry) => ({ entry, code: 'signature_wrong' as const })),
    ...Array.from({ length: damaged }, () => ({ entry: undefined, code: 'log_row_damaged' as const })),
  ]
  return {
    entries,
    signatures: entries,
    root,
    words: rootToWords(root),
    problems: problems.slice(0, problemsListedMax),
    problemsCount: problems.length,
  }
}

/** Takes an entry off those that are unproven; returns the one before it. */
function prove(wrong: Map<EntryId, EntryId | undefined>, id: EntryId): EntryId | undefined {
  const before = wrong.get(id)
  wrong.delete(id)
  return before
}
