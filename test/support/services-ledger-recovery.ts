// Recovery ceremonies of the in-memory services: this computer, which is left, and one that is gone; a file is what it says as text.

import { createHash } from 'node:crypto'
import type { LedgerRecovery, LedgerRecoveryFile, LedgerRecoveryPerson } from '../../src/api/ledger-recovery-schemas.ts'
import type { LedgerRecoveryServices } from '../../src/api/ledger-recovery-services.ts'
import { defineErrors } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'

const errors = defineErrors({
  ledger_recovery_refused: { kind: 'refused', hint: 'Compare the file with the others.' },
  ledger_fingerprint_other: { kind: 'refused', hint: 'Do not confirm the file.' },
  ledger_recovery_not_confirmed: { kind: 'refused', hint: 'Do it in the page.' },
})

interface Parts {
  readonly clock: Clock
  readonly self: string
  /** Throws for a community that is not here. */
  readonly find: (community: string) => unknown
}

interface Said {
  readonly validators: readonly string[]
  readonly signed: boolean
}

const digest = (text: string, bytes: number) =>
  `0x${createHash('sha256').update(text).digest('hex')}`.slice(0, 2 + 2 * bytes)

export function createMemoryRecovery({ clock, self, find }: Parts): LedgerRecoveryServices {
  const kept = new Map<string, LedgerRecovery['confirmed']>()
  const own: LedgerRecoveryPerson = { address: digest(self, 20), name: 'Ada', isSelf: true, online: true }
  const gone = { ...own, address: digest('gone', 20), name: 'Grace', isSelf: false, online: false }
  const persons = [own, gone]
  const [height, block] = [5, digest('5', 32)]

  const write = (said: Said) => `0x${Buffer.from(JSON.stringify(said)).toString('hex')}`

  function read(file: string): Said {
    try {
      return JSON.parse(Buffer.from(file.slice(2), 'hex').toString())
    } catch {
      throw errors.ledger_recovery_refused('This is no file of a recovery ceremony, or it was changed.')
    }
  }

  function fileOf(community: string, said: Said): LedgerRecoveryFile {
    find(community)
    const fingerprint = digest(said.validators.join(), 16).slice(2).match(/.{4}/g)?.join(' ') ?? ''
    const isTaken = (kept.get(community) ?? []).length > 0
    return {
      ...{ file: write(said), fingerprint, genesisHash: digest('genesis', 32), height, block, epoch: 1, needed: 1 },
      standing: isTaken ? 'taken' : said.signed ? 'ready' : 'open',
      sentence: said.signed
        ? '1 of 2 validators signed, which is enough.'
        : '0 of 2 validators signed; at least 1 have to.',
      validators: persons.filter(({ address }) => said.validators.includes(address)),
      signed: said.signed ? [own] : [],
      missing: said.signed ? [gone] : persons,
      maySign: !said.signed && !isTaken,
    }
  }

  function view(community: string): LedgerRecovery {
    find(community)
    return {
      sentence: '1 of 2 validators are away, and at most 0 may be.',
      ...{ height, block, epoch: 0, validators: persons, candidates: [own], needed: 1, bearable: 0, isNeeded: true },
      ...{ maySign: true, needs: 'session', confirmed: kept.get(community) ?? [] },
    }
  }

  function requirePerson(isPerson: boolean): void {
    if (!isPerson) throw errors.ledger_recovery_not_confirmed('An API token alone can’t do that.')
  }

  return {
    get: async (community) => view(community),
    state: async (community, validators) => fileOf(community, { validators, signed: false }),
    check: async (community, file) => fileOf(community, read(file)),
    async sign(community, file, { isPerson }) {
      requirePerson(isPerson)
      return fileOf(community, { ...read(file), signed: true })
    },
    async confirm(community, { file, fingerprint }, { isPerson }) {
      requirePerson(isPerson)
      const said = fileOf(community, read(file))
      if (said.fingerprint !== fingerprint.trim()) {
        throw errors.ledger_fingerprint_other('The fingerprint is not that of this file.')
      }
      if (said.standing !== 'ready') throw errors.ledger_recovery_refused(said.sentence)
      kept.set(community, [{ epoch: 1, fingerprint: said.fingerprint, confirmedMs: clock.nowMs(), file: said }])
      return view(community)
    },
    async forget(community, _epoch, { isPerson }) {
      requirePerson(isPerson)
      kept.delete(community)
      return view(community)
    },
  }
}
