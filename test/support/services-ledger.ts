// Ledgers of the in-memory services: one validator, a block for each transaction that is submitted, whatever its bytes are.

import { createHash } from 'node:crypto'
import type { LedgerRpcServices } from '../../src/api/ledger-rpc-services.ts'
import type { Ledger, LedgerBlock, LedgerTransaction } from '../../src/api/ledger-schemas.ts'
import type { LedgerServices } from '../../src/api/ledger-services.ts'
import type { Event } from '../../src/api/schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'

const errors = defineErrors({
  ledger_none: { kind: 'not-found', hint: 'Found one first.' },
  ledger_founded: { kind: 'conflict', hint: 'Look at the one there is.' },
  ledger_transaction_unknown: { kind: 'not-found', hint: 'Check the hash.' },
  ledger_block_unknown: { kind: 'not-found', hint: 'See which there are.' },
  ledger_proof_wrong: { kind: 'refused', hint: 'Do not rely on it.' },
})

interface Parts {
  readonly clock: Clock
  readonly person: string
  readonly peerId: string
  /** Throws for a community that is not here. */
  readonly find: (community: string) => { readonly name: string | null }
  readonly emit: (event: Event) => void
}

interface Kept {
  ledger: Ledger
  readonly blocks: LedgerBlock[]
  readonly transactions: LedgerTransaction[]
}

const digest = (text: string, bytes = 32) =>
  `0x${createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * bytes)}`

export function createMemoryLedgers(parts: Parts): { calls: LedgerServices; rpc: LedgerRpcServices } {
  const { clock, person, emit } = parts
  const all = new Map<string, Kept>()
  const account = digest(person, 20)
  const validator = digest(parts.peerId, 20)

  function open(community: string): Kept {
    const { name } = parts.find(community)
    const known = all.get(community)
    if (known !== undefined) return known
    const kept: Kept = { ledger: emptyLedger(community, name ?? '', validator), blocks: [], transactions: [] }
    all.set(community, kept)
    return kept
  }

  function running(community: string): Kept {
    const kept = open(community)
    if (kept.ledger.founded === null) throw errors.ledger_none('This community has no ledger here.')
    return kept
  }

  function addBlock(community: string, transactions: number): LedgerBlock {
    const { blocks, ledger } = running(community)
    const height = blocks.length
    const hash = digest(`${community} ${height}`)
    const timestamp = Math.floor(clock.nowMs() / 1000)
    const block: LedgerBlock = {
      ...{ height, hash, timestamp, transactions, parent: blocks.at(-1)?.hash ?? digest('none') },
      ...{ proposer: validator, proposerName: 'Ada (validator)', epoch: 0, view: height, gasUsed: '21000' },
      ...{ gasLimit: '36000000', bytes: 700, stateRoot: digest('state'), endsEpoch: false },
    }
    blocks.push(block)
    if (ledger.chain !== null) Object.assign(ledger.chain, { height, heightSeen: height, head: hash, timestamp })
    emit({ type: 'ledger', community, height, timestamp })
    return block
  }

  const calls: LedgerServices = {
    get: async (community) => structuredClone(open(community).ledger),
    async found(community, request) {
      const kept = open(community)
      if (kept.ledger.founded !== null) throw errors.ledger_founded('It has a ledger already.')
      kept.ledger = foundedLedger(kept.ledger, { request, person, account, validator, nowMs: clock.nowMs() })
      addBlock(community, 0)
      return structuredClone(kept.ledger)
    },
    async change(community, patch) {
      const kept = open(community)
      const settings = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
      kept.ledger = { ...kept.ledger, settings: { ...kept.ledger.settings, ...settings } }
      return structuredClone(kept.ledger)
    },
    async offer(community, { validate }) {
      const kept = open(community)
      const own = { ...ownValidator(validator, person, parts.peerId), inSet: kept.ledger.founded !== null }
      kept.ledger = { ...kept.ledger, validates: validate, validators: validate ? [own] : [] }
      return structuredClone(kept.ledger)
    },
    async agree(community) {
      return structuredClone(running(community).ledger)
    },
    async members(community, { offset, limit }) {
      running(community)
      const one = { person, name: 'Ada', isSelf: true, sentence: 'Transacts free.', state: 'member' } as const
      const members = [
        { ...one, address: account, validator: false },
        { ...one, address: validator, validator: true },
      ]
      return { members: members.slice(offset, offset + limit), total: 2, words: [], needed: 1 }
    },
    async choose(community, chain) {
      const kept = open(community)
      const { name } = parts.find(community)
      kept.ledger = { ...kept.ledger, choice: choiceOf(chain, { name: name ?? '', person, nowMs: clock.nowMs() }) }
      return structuredClone(kept.ledger)
    },
    async announceAccount(community) {
      const kept = open(community)
      kept.ledger = { ...kept.ledger, account }
      return structuredClone(kept.ledger)
    },
    async blocks(community, { before, limit }) {
      const { blocks } = running(community)
      const end = Math.min(before ?? blocks.length, blocks.length)
      const start = Math.max(0, end - limit)
      return { blocks: blocks.slice(start, end).reverse(), before: start === 0 ? null : start }
    },
    async block(community, at) {
      const { blocks, transactions } = running(community)
      const block = blocks.find(({ height, hash }) => String(height) === at || hash === at)
      if (block === undefined) throw errors.ledger_block_unknown(`There is no final block ${at} here.`)
      return { block, transactions: transactions.filter(({ height }) => height === block.height) }
    },
    async transactions(community, { before, limit }) {
      const { transactions } = running(community)
      const older = transactions.filter(({ height }) => before === undefined || (height ?? 0) < before)
      return { transactions: older.slice(-limit).reverse(), before: null }
    },
    async transaction(community, hash) {
      const found = running(community).transactions.find((one) => one.hash === hash)
      if (found === undefined) throw errors.ledger_transaction_unknown('It is not here.')
      return found
    },
    async submit(community, raw) {
      const kept = running(community)
      const hash = digest(raw)
      const { height, hash: block, timestamp } = addBlock(community, 1)
      kept.transactions.push({
        ...{ hash, height, block, timestamp, state: 'done', index: 0, type: 2, from: account, fromName: 'Ada' },
        ...{ to: null, toName: '', value: '0', nonce: '0', gasLimit: '21000', gasUsed: '21000', gasPrice: '0' },
        ...{ created: null, data: raw, dataBytes: raw.length / 2 - 1, logs: 0 },
      })
      return hash
    },
    async accounts(community, { offset, limit }) {
      running(community)
      return { accounts: [accountOf(account, true)].slice(offset, offset + limit), total: 1 }
    },
    async account(community, address) {
      running(community)
      return accountOf(address.toLowerCase(), address.toLowerCase() === account)
    },
    async prove(community, request) {
      running(community)
      return `${JSON.stringify({ proof: request })}\n`
    },
    async check(file) {
      if (!file.includes('"proof"')) throw errors.ledger_proof_wrong('The file proves nothing.')
      const claim = { kind: 'balance', address: account, wei: '5000000000000000000', nonce: '0' } as const
      return {
        ...{ sentence: 'It is so.', chainId: 7, name: 'Family', coin: { name: 'Bread', symbol: 'BREAD' }, claim },
        ...{ genesisHash: digest('genesis'), community: null, height: 1, block: digest('1'), timestamp: 0 },
        ...{ validators: 1, signatures: 1, recoveries: [] },
      }
    },
    async *export(community) {
      const { blocks, ledger } = running(community)
      const { chainId = 0, name = '', genesisHash } = ledger.founded ?? {}
      yield { type: 'ledger', version: 1, chainId, name, genesisHash: genesisHash ?? '' }
      for (const { height, hash, timestamp } of blocks)
        yield { type: 'block', height, hash, timestamp, block: '0xc0', certificate: null }
      yield { type: 'end', lines: blocks.length + 1 }
    },
  }

  function accountOf(address: string, isSelf: boolean) {
    const balance = isSelf ? '12500000000000000000' : '0'
    const name = isSelf ? 'Ada' : ''
    return {
      address,
      person: isSelf ? person : null,
      name,
      isSelf,
      validator: false,
      balance,
      nonce: '0',
      codeBytes: 0,
    }
  }

  const rpc: LedgerRpcServices = {
    originAllowed: (community, origin) => all.get(community)?.ledger.settings.origins.includes(origin) === true,
    async ask(community, body) {
      running(community)
      const { id } = JSON.parse(body)
      return JSON.stringify({ jsonrpc: '2.0', id, result: '0x7' })
    },
    open(community) {
      running(community)
      return {
        handle: (body) => rpc.ask(community, body, { signal: new AbortController().signal, caller: '' }),
        close() {},
      }
    },
  }
  return { calls, rpc }
}

function choiceOf(
  chain: Parameters<LedgerServices['choose']>[1],
  made: { readonly name: string; readonly person: string; readonly nowMs: number } | undefined,
): Ledger['choice'] {
  const by = { by: made?.person ?? null, byName: made === undefined ? '' : 'Ada', chosenMs: made?.nowMs ?? null }
  if (chain === null) {
    const own = { kind: 'own', chainId: null, name: made?.name ?? '', coin: null, rpc: null } as const
    return { ...own, ...by, sentence: 'The community uses its own chain.', warnings: [] }
  }
  const { chainId, name, coin, rpc = null } = chain
  const sentence = `The community uses ${name} (chain id ${chainId}), a chain that others run.`
  return { kind: 'outside', chainId, name, coin, rpc, ...by, sentence, warnings: ['They can lie about balances.'] }
}

function ownValidator(address: string, person: string, peerId: string): Ledger['validators'][number] {
  return {
    ...{ address, person, name: 'Ada', peerId, inSet: true, willing: true, isSelf: true, online: true },
    ...{ height: null, heardMsAgo: null },
  }
}

function emptyLedger(community: string, name: string, validator: string): Ledger {
  return {
    ...{
      community,
      founded: null,
      state: 'none',
      chain: null,
      validators: [],
      changes: [],
      validates: false,
      validator,
    },
    ...{ membership: null, checkpoint: null, contradictions: [], choice: choiceOf(null, undefined) },
    sentence: `${name} has no ledger. 0 of its computers offer to validate.`,
    ...{ account: null, accounts: 0, mayFound: true, rpc: `http://127.0.0.1/communities/${community}/rpc` },
    settings: { mode: 'full', statesKept: null, origins: [] },
  }
}

function foundedLedger(
  ledger: Ledger,
  made: {
    readonly request: Parameters<LedgerServices['found']>[1]
    readonly person: string
    readonly account: string
    readonly validator: string
    readonly nowMs: number
  },
): Ledger {
  const { request, person, account, validator, nowMs } = made
  const symbol = request.coin?.symbol ?? 'COIN'
  return {
    ...ledger,
    state: 'running',
    sentence: 'Trusted mode: one validator decides, and none may fail or lie. With four or more, one could.',
    founded: {
      ...{ name: request.name ?? 'Family', chainId: 7, coin: { name: request.coin?.name ?? symbol, symbol } },
      ...{ genesisHash: digest('genesis'), foundedMs: nowMs, by: person, others: 0 },
      ...{ quota: { gas: '30000000', blocks: 100 }, strangerFee: request.strangerFee ?? null },
      ...{ blockTimeMs: request.blockTimeMs ?? 500, blockGasLimit: '36000000' },
    },
    chain: {
      ...{ height: 0, head: digest('0'), timestamp: 0, heightSeen: 0, epoch: 0, view: 1, leader: validator },
      ...{ isOurTurn: true, quorum: 1, trusted: true, waiting: 0, peers: 0, evidence: 0 },
      voting: { kind: 'voting', sentence: 'This computer votes.' },
      sync: { kind: 'level', sentence: 'It has every final block that is known.' },
      ...{ stuck: null, oldestBlock: 0, oldestState: 0 },
    },
    validators: [ownValidator(validator, person, 'peer')],
    membership: {
      members: 2,
      joining: 0,
      leaving: 0,
      bound: 0,
      signed: 0,
      needed: 1,
      sentence: '2 accounts transact free.',
    },
    ...{ validates: true, account, accounts: 1 },
  }
}
