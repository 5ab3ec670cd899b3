// Recovery ceremonies of ledgers (docs/recovery.md), for the API: what a file says with the names that the community has.
//
// Must stay true: signing, confirming and taking back are the person's: an API token alone does none of it, and where a passphrase
// is set, it is asked for.

import type { LedgerRecovery, LedgerRecoveryFile, LedgerRecoveryPerson } from '../../api/ledger-recovery-schemas.ts'
import type { LedgerRecoveryServices } from '../../api/ledger-recovery-services.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import type { Communities } from '../../community/types.ts'
import type { Identity } from '../../identity/types.ts'
import { ledgerErrors } from '../../ledger/errors.ts'
import type { LedgerFacts, Ledgers } from '../../ledger/service-types.ts'
import type { ExaminedRecovery } from '../../ledger/thread/messages.ts'
import type { Address } from '../../ledger/types.ts'
import type { LedgerStatus } from '../../ledger/validator/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { namesOf } from '../ledger-views.ts'

export interface LedgerRecoveryServiceParts {
  readonly ledgers: Ledgers
  readonly communities: Pick<Communities, 'get'>
  readonly identity: Pick<Identity, 'phrase' | 'passphrase'>
}

const idOf = (id: string) => id as CommunityId

export function createLedgerRecoveryServices(parts: LedgerRecoveryServiceParts): LedgerRecoveryServices {
  const { ledgers, identity } = parts
  const { recovering } = ledgers

  /** Throws `ledger_recovery_not_confirmed`, `passphrase_needed`, `passphrase_wrong`. */
  async function requirePerson(isPerson: boolean, passphrase: string | undefined): Promise<void> {
    if (!isPerson) throw ledgerErrors.ledger_recovery_not_confirmed('An API token alone can’t do that.')
    if (identity.passphrase) await identity.phrase(passphrase)
  }

  async function sightOf(id: string, options: { signal: AbortSignal }): Promise<Sight> {
    const { status } = await ledgers.ask(idOf(id), { what: 'status' }, options)
    return { facts: ledgers.facts(idOf(id)), status, communities: parts.communities }
  }

  async function fileView(id: string, file: Uint8Array, options: { signal: AbortSignal }): Promise<LedgerRecoveryFile> {
    const examined = await ledgers.ask(idOf(id), { what: 'examine-recovery', file }, options)
    return fileToApi(file, examined, await sightOf(id, options))
  }

  async function view(id: string, options: { signal: AbortSignal }): Promise<LedgerRecovery> {
    const sight = await sightOf(id, options)
    const confirmed = recovering.kept(idOf(id)).map(async ({ file, ...kept }) => ({
      ...kept,
      file: await fileView(id, file, options).catch(() => null),
    }))
    const needs = identity.passphrase ? 'passphrase' : 'session'
    return { ...standingToApi(sight), needs, confirmed: await Promise.all(confirmed) }
  }

  return {
    get: view,
    state: async (id, validators, options) =>
      fileView(id, await recovering.state(idOf(id), validators, options), options),
    check: (id, file, options) => fileView(id, bytesOf(file), options),
    async sign(id, file, { isPerson, passphrase }, options) {
      await requirePerson(isPerson, passphrase)
      const signed = await ledgers.ask(idOf(id), { what: 'sign-recovery', file: bytesOf(file) }, options)
      return fileView(id, signed, options)
    },
    async confirm(id, { file, fingerprint }, { isPerson, passphrase }, options) {
      await requirePerson(isPerson, passphrase)
      await recovering.confirm(idOf(id), bytesOf(file), fingerprint)
      return view(id, options)
    },
    async forget(id, epoch, { isPerson, passphrase }, options) {
      await requirePerson(isPerson, passphrase)
      await recovering.forget(idOf(id), epoch)
      return view(id, options)
    },
  }
}

interface Sight {
  readonly facts: LedgerFacts
  readonly status: LedgerStatus
  readonly communities: Pick<Communities, 'get'>
}

function personsOf({ facts, status, communities }: Sight): (address: Address) => LedgerRecoveryPerson {
  const names = namesOf(facts, communities)
  return (address) => {
    const isSelf = address === facts.validator
    const peer = facts.willing.find((one) => one.address === address)?.peerId
    const isConnected = status.validators.some((one) => one.address === address && one.isConnected)
    const isLinked = peer !== undefined && facts.linked.includes(peer)
    const name = names.name(address).replace(/ \(validator\)$/, '')
    return { address, name, isSelf, online: isSelf || isConnected || isLinked }
  }
}

function standingToApi(sight: Sight): Omit<LedgerRecovery, 'needs' | 'confirmed'> {
  const { facts, status } = sight
  const { height, head, epoch, quorum, stuck } = status
  const person = personsOf(sight)
  const inForce = status.validators.map(({ address }) => address)
  const validators = inForce.map(person)
  const missing = validators.filter(({ online }) => !online).length
  // f = ⌊(n−1)/3⌋; without a quorum it stands.
  const faults = Math.floor((validators.length - 1) / 3)
  const bearable = validators.length - quorum
  const all = [...new Set([...inForce, ...facts.willing.map(({ address }) => address)])].map(person)
  const isUnknown = stuck?.code === 'recovery_unknown'
  const isStanding = missing > bearable
  const sentence = isUnknown
    ? stuck.sentence
    : isStanding
      ? `${missing} of ${validators.length} validators are away, and at most ${bearable} may be. Wait for them; only if they are gone for good, those who are left can go on without them.`
      : 'Enough validators are there: nothing has to be recovered.'
  return {
    ...{ sentence, height, block: head, epoch, validators, bearable, needed: faults + 1 },
    candidates: all.filter(({ online }) => online),
    isNeeded: isStanding || isUnknown,
    maySign: inForce.includes(facts.validator),
  }
}

function fileToApi(file: Uint8Array, examined: ExaminedRecovery, sight: Sight): LedgerRecoveryFile {
  const { statement, signers, missing, fingerprint, standing, sentence } = examined
  const { genesisHash, height, block, set } = statement
  const person = personsOf(sight)
  const isAtEnd = set.epoch === sight.status.epoch + 1
  const faults = Math.floor((sight.status.validators.length - 1) / 3)
  return {
    ...{ fingerprint, standing, sentence, genesisHash, height, block, epoch: set.epoch },
    file: `0x${toHex(file)}`,
    validators: set.validators.map(person),
    signed: signers.map(person),
    missing: missing.map(person),
    needed: isAtEnd ? faults + 1 : null,
    maySign: (standing === 'open' || standing === 'ready') && missing.includes(sight.facts.validator),
  }
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromHex(text.toLowerCase().replace(/^0x/, ''))
  if (bytes === undefined) throw ledgerErrors.ledger_recovery_refused('That is no file of a recovery ceremony.')
  return bytes
}
