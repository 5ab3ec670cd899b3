// Ledgers, for the API: what the chain says, with the names that the community has for accounts, in words and decimal numbers.

import type { LedgerRpcServices } from '../../api/ledger-rpc-services.ts'
import type * as Api from '../../api/ledger-schemas.ts'
import type { LedgerServices } from '../../api/ledger-services.ts'
import type { Event } from '../../api/schemas.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import type { Communities } from '../../community/types.ts'
import type { ChosenChain } from '../../ledger/choice-core.ts'
import { ledgerErrors } from '../../ledger/errors.ts'
import { exportPageBlocks } from '../../ledger/limits.ts'
import type { LedgerFoundRequest, Ledgers } from '../../ledger/service-types.ts'
import type { Address, Hash } from '../../ledger/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { createLatest } from '../latest.ts'
import { membersToApi } from '../ledger-step-views.ts'
import {
  accountToApi,
  blockToApi,
  ledgerToApi,
  namesOf,
  provenSentence,
  type StatusAnswer,
  transactionToApi,
} from '../ledger-views.ts'
import { ledgerEventEveryMs } from '../limits.ts'

export interface LedgerServiceParts {
  readonly clock: Clock
  readonly ledgers: Ledgers
  readonly communities: Communities
  /** Base URL of the API. */
  readonly api: () => string
  readonly emit: (event: Event) => void
}

export function createLedgerServices(parts: LedgerServiceParts): {
  readonly calls: LedgerServices
  follow(): Cancel
} {
  return { calls: { ...standing(parts), ...exploring(parts), ...proving(parts) }, follow: () => follow(parts) }
}

const idOf = (id: string) => id as CommunityId

async function viewOf(parts: LedgerServiceParts, id: string, signal: AbortSignal): Promise<Api.Ledger> {
  const { ledgers, communities, api } = parts
  const facts = ledgers.facts(idOf(id))
  let status: StatusAnswer | undefined
  if (facts.thread?.kind === 'ready') {
    // It may have ended just now: then it is down, and the view says so.
    status = await ledgers.ask(idOf(id), { what: 'status' }, { signal }).catch(() => undefined)
    signal.throwIfAborted()
  }
  return ledgerToApi(ledgers.facts(idOf(id)), status, { communities, api: api() })
}

type Standing = 'get' | 'found' | 'change' | 'offer' | 'agree' | 'announceAccount' | 'members' | 'choose'

function standing(parts: LedgerServiceParts): Pick<LedgerServices, Standing> {
  const { ledgers } = parts
  return {
    get: (id, { signal }) => viewOf(parts, id, signal),
    async found(id, request, { signal }) {
      await ledgers.found(idOf(id), requestOf(request))
      return viewOf(parts, id, signal)
    },
    async change(id, { mode, statesKept, origins }, { signal }) {
      await ledgers.changeSettings(idOf(id), {
        ...(mode === undefined ? {} : { mode }),
        ...(statesKept === undefined ? {} : { statesKept }),
        ...(origins === undefined ? {} : { origins }),
      })
      return viewOf(parts, id, signal)
    },
    async offer(id, { validate, passphrase }, { signal }) {
      await ledgers.offer(idOf(id), { willing: validate, passphrase })
      return viewOf(parts, id, signal)
    },
    async agree(id, validators, { signal }) {
      await ledgers.agree(idOf(id), validators)
      return viewOf(parts, id, signal)
    },
    async members(id, { offset, limit }, options) {
      const onChain = await ledgers.ask(idOf(id), { what: 'members' }, options)
      const { status } = await ledgers.ask(idOf(id), { what: 'status' }, options)
      const inForce = new Set(status.validators.map(({ address }) => address))
      const facts = ledgers.facts(idOf(id))
      const people = parts.communities.get(idOf(id)).state?.members ?? new Map()
      const { members, ...rest } = membersToApi(facts, { members: onChain, inForce }, people)
      return { ...rest, members: members.slice(offset, offset + limit), total: members.length }
    },
    async choose(id, chain, { signal }) {
      await ledgers.choose(idOf(id), chain === null ? undefined : chosenOf(chain))
      return viewOf(parts, id, signal)
    },
    async announceAccount(id, passphrase, { signal }) {
      await ledgers.announceAccount(idOf(id), passphrase)
      return viewOf(parts, id, signal)
    },
  }
}

function chosenOf({ chainId, name, coin, rpc }: NonNullable<Api.LedgerChooseRequest['chain']>): ChosenChain {
  return { chainId, name, coin: coin.name, symbol: coin.symbol, ...(rpc === undefined ? {} : { rpc }) }
}

function requestOf(request: Api.LedgerFoundRequest): LedgerFoundRequest {
  const { name, coin, validators, supply, quota, strangerFee, blockTimeMs, passphrase } = request
  return {
    ...{ name, blockTimeMs, passphrase },
    coin: coin === undefined ? undefined : { name: coin.name ?? coin.symbol, symbol: coin.symbol },
    validators: validators?.map((peer) => peer as PeerId),
    supply: BigInt(supply ?? 0),
    quota: quota === undefined ? undefined : { gas: BigInt(quota.gas), blocks: quota.blocks },
    strangerFee: strangerFee === undefined || strangerFee === null ? undefined : BigInt(strangerFee),
  }
}

type Exploring = 'blocks' | 'block' | 'transactions' | 'transaction' | 'submit' | 'accounts' | 'account'

function exploring({ ledgers, communities }: LedgerServiceParts): Pick<LedgerServices, Exploring> {
  const names = (id: string) => namesOf(ledgers.facts(idOf(id)), communities)
  return {
    async blocks(id, { before, limit }, options) {
      const page = await ledgers.ask(idOf(id), { what: 'blocks', before, limit }, options)
      const known = names(id)
      return { blocks: page.blocks.map((block) => blockToApi(block, known)), before: page.before ?? null }
    },
    async block(id, at, options) {
      const block = await ledgers.ask(idOf(id), { what: 'block', at: heightOrHash(at) }, options)
      if (block === undefined) throw ledgerErrors.ledger_block_unknown(`There is no final block ${at} here.`)
      const known = names(id)
      const { list, ...facts } = block
      return { block: blockToApi(facts, known), transactions: list.map((one) => transactionToApi(one, known)) }
    },
    async transactions(id, { before, limit }, options) {
      const page = await ledgers.ask(idOf(id), { what: 'transactions', before, limit }, options)
      const known = names(id)
      return {
        transactions: page.transactions.map((one) => transactionToApi(one, known)),
        before: page.before ?? null,
      }
    },
    async transaction(id, hash, options) {
      const found = await ledgers.ask(idOf(id), { what: 'transaction', hash: hashOf(hash) }, options)
      if (found === undefined) {
        throw ledgerErrors.ledger_transaction_unknown('This transaction is neither in a final block nor waiting here.')
      }
      return transactionToApi(found, names(id))
    },
    submit: (id, raw, options) => ledgers.ask(idOf(id), { what: 'submit', raw: rawOf(raw) }, options),
    async accounts(id, { offset, limit }, options) {
      const known = names(id)
      const addresses = [...known.addresses()].slice(offset, offset + limit)
      const found = await ledgers.ask(idOf(id), { what: 'account', addresses }, options)
      return { accounts: found.map((one) => accountToApi(one, known)), total: known.addresses().length }
    },
    async account(id, text, options) {
      const [found] = await ledgers.ask(idOf(id), { what: 'account', addresses: [addressOf(text)] }, options)
      if (found === undefined) throw ledgerErrors.ledger_address_malformed('That is no address.')
      return accountToApi(found, names(id))
    },
  }
}

function proving({ ledgers }: LedgerServiceParts): Pick<LedgerServices, 'prove' | 'check' | 'export'> {
  return {
    prove(id, request, options) {
      const claim =
        'balance' in request
          ? ({ kind: 'balance', address: addressOf(request.balance), height: request.height } as const)
          : ({ kind: 'transaction', hash: hashOf(request.transaction) } as const)
      return ledgers.ask(idOf(id), { what: 'prove', claim }, options)
    },
    async check(file) {
      // Only who checks a file carries what that takes.
      const { checkProof } = await import('../../ledger/proof/check.ts')
      const proven = await checkProof(file)
      const ours = ledgers.list().find((id) => ledgers.facts(id).genesisHash === proven.genesisHash)
      const { claim } = proven
      const known = ours === undefined ? [] : ledgers.recovering.kept(ours).map(({ fingerprint }) => fingerprint)
      const recoveries = proven.recoveries.map((one) => ({ ...one, confirmed: known.includes(one.fingerprint) }))
      return {
        ...proven,
        recoveries,
        coin: { ...proven.coin },
        community: ours ?? null,
        sentence: provenSentence(proven),
        claim:
          claim.kind === 'balance'
            ? { ...claim, wei: claim.wei.toString(), nonce: claim.nonce.toString() }
            : {
                ...claim,
                to: claim.to ?? null,
                wei: claim.wei.toString(),
                gasUsed: claim.gasUsed?.toString() ?? null,
              },
      }
    },
    async *export(id, { signal }) {
      const { founded, genesisHash } = ledgers.facts(idOf(id))
      const { head, oldest } = await ledgers.ask(idOf(id), { what: 'status' }, { signal })
      const { chainId = 0, name = '' } = founded?.genesis ?? {}
      yield { type: 'ledger', version: 1, chainId, name, genesisHash: genesisHash ?? '' }
      let lines = 1
      for (const { epoch, fingerprint, file } of ledgers.recovering.kept(idOf(id))) {
        yield { type: 'recovery', epoch, fingerprint, file: `0x${toHex(file)}` }
        lines += 1
      }
      for (let from = oldest.block; from <= head.height; from += exportPageBlocks) {
        signal.throwIfAborted()
        const limit = Math.min(exportPageBlocks, head.height + 1 - from)
        const page = await ledgers.ask(idOf(id), { what: 'lines', from, limit }, { signal })
        for (const { height, hash, timestamp, block, certificate = null } of page) {
          yield { type: 'block', height, hash, timestamp, block, certificate }
          lines += 1
        }
      }
      yield { type: 'end', lines }
    },
  }
}

/** Heads come several times a second; pages read anew a few times a second. */
function follow({ clock, ledgers, emit }: LedgerServiceParts): Cancel {
  const latest = createLatest<CommunityId, Extract<Event, { type: 'ledger' }>>({
    ...{ clock, emit, everyMs: ledgerEventEveryMs },
    isUrgent: () => false,
  })
  const off = ledgers.on((event) => {
    const head = event.type === 'head' ? event.head : ledgers.facts(event.community).head
    const { height = null, timestamp = null } = head ?? {}
    latest.saw(event.community, { type: 'ledger', community: event.community, height, timestamp })
  })
  return () => {
    off()
    latest.stop()
  }
}

// ---- what callers write

function heightOrHash(text: string): number | Hash {
  return /^\d{1,15}$/.test(text) ? Number(text) : hashOf(text)
}

function hashOf(text: string): Hash {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase() as Hash
  throw ledgerErrors.ledger_hash_malformed(`${text.slice(0, 80)} is no hash.`)
}

function addressOf(text: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as Address
  throw ledgerErrors.ledger_address_malformed(`${text.slice(0, 80)} is no address.`)
}

function rawOf(text: string): Uint8Array {
  const bytes = fromHex(text.toLowerCase().replace(/^0x/, ''))
  if (bytes === undefined) throw ledgerErrors.ledger_raw_malformed('That is no transaction.')
  return bytes
}

/** Ethereum JSON-RPC: text in, text out. */
export function createLedgerRpcServices(ledgers: Ledgers): LedgerRpcServices {
  return {
    originAllowed: (id, origin) => ledgers.allowsOrigin(idOf(id), origin),
    ask: (id, body, { caller }) => ledgers.rpc(idOf(id), body, caller),
    open: (id, socket) =>
      ledgers.openRpc(
        idOf(id),
        (text) => socket.note(text),
        () => socket.over(),
      ),
  }
}
