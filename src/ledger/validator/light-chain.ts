// A chain as a light client has it: the same questions as to a chain that lies here, each answered by what peers prove against final
// headers, and kept for a while. Calls run here, on state that is fetched with proofs when it is read. What this computer sends is
// checked by proofs first, then told until it is in a block.
//
//   rpc, explorer ─► LightChain ─► LightClient.asking ─► peers          pool ─► gossip ─► validators
//
// Must stay true: nothing is answered that was not proven; a block that was once proven is never taken back for an older one, also
// after a restart.

import { BoundedMap } from '../../base/bounded.ts'
import { type Database, lazyTransaction, migrate } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { chainErrors } from '../chain/errors.ts'
import { matches, mayMatch } from '../chain/log-index-core.ts'
import { createOwnStore } from '../chain/own-store.ts'
import { ChainPool } from '../chain/pool.ts'
import { type Spec, specOf } from '../chain/spec.ts'
import { transactionHash } from '../chain/transaction-wire.ts'
import type { ChainEvent, FoundLog, FullBlock, Genesis, Header, LogFilter, Placed } from '../chain/types.ts'
import { createRemoteState, type RemoteState } from '../evm/remote.ts'
import type { BlockEnvironment, CallRequest, Receipt, StateReader } from '../evm/types.ts'
import type { Hash } from '../types.ts'
import { validatorErrors } from './errors.ts'
import type { LightClient } from './light.ts'
import { fetchBlocks, fetchReceipts, findTransaction, headerOfHash, readerAt, stateReader } from './light-fetch.ts'
import {
  lightBlocksAtOnce,
  lightBlocksKeptMax,
  lightCallMs,
  lightHeadersKeptMax,
  lightHeadersMax,
  lightLogBlocksMax,
  lightReadsMax,
  lightStateEntriesMax,
} from './limits.ts'

export interface LightChainParts {
  readonly client: LightClient
  readonly genesis: Genesis
  /** Block 0, which follows from the genesis. */
  readonly first: FullBlock
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/** States of two blocks: a call may still run on one while the next is final. */
const statesKept = 2

export class LightChain {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly pool: ChainPool
  readonly #parts: LightChainParts
  readonly #spec: Spec
  readonly #memory: ReturnType<typeof createMemory>
  readonly #events = new Emitter<ChainEvent>()
  readonly #headers = new BoundedMap<number, Header>(lightHeadersKeptMax)
  readonly #heights = new BoundedMap<Hash, number>(lightHeadersKeptMax)
  readonly #blocks = new BoundedMap<Hash, FullBlock>(lightBlocksKeptMax)
  readonly #receipts = new BoundedMap<Hash, readonly Receipt[]>(lightBlocksKeptMax)
  readonly #states = new BoundedMap<Hash, RemoteState>(statesKept)
  readonly #off: () => void

  constructor(parts: LightChainParts) {
    const { client, genesis, first, database, clock, log } = parts
    this.#parts = parts
    this.genesis = genesis
    this.genesisHash = first.header.hash
    this.#spec = specOf(genesis)
    this.#memory = createMemory(database)
    this.pool = new ChainPool({
      ...{ spec: this.#spec, clock, log, own: createOwnStore({ database, clock }) },
      head: () => ({ hash: this.head().hash, state: this.state(this.head()) }),
      quotaLeft: () => genesis.quota.gas,
      emit: (event) => this.#events.emit(event),
    })
    this.#off = client.on((header) => void this.#moved(header))
  }

  /** Whether there is a head that may be shown. */
  get isProven(): boolean {
    try {
      return this.head().height >= 0
    } catch {
      return false
    }
  }

  /** Throws `ledger_nobody_answers` before one is proven that is no older than what was proven here before. */
  head(): Header {
    const { client, first } = this.#parts
    const header = client.head ?? (client.heightSeen === 0 ? first.header : undefined)
    if (header === undefined) {
      throw validatorErrors.ledger_nobody_answers('No final block of this ledger has been proven to this computer yet.')
    }
    const seen = this.#memory.height()
    if (header.height >= seen) return header
    throw validatorErrors.ledger_nobody_answers(
      `What others show ends at block ${header.height}; block ${seen} was proven to this computer before.`,
    )
  }

  get oldest() {
    return { block: 0, state: this.head().height }
  }

  async #moved(header: Header): Promise<void> {
    const { log } = this.#parts
    this.#keep([header])
    if (header.height < this.#memory.height()) return
    this.#memory.setHeight(header.height)
    try {
      await this.pool.settleAll()
    } catch (error) {
      // The next final block asks again.
      log.debug('ledger_light_not_settled', { how: isPeerhoodError(error) ? error.code : String(error) })
    }
    this.#events.emit({ kind: 'final', header, receipts: [] })
  }

  #keep(headers: readonly Header[]): void {
    for (const header of headers) {
      this.#headers.set(header.height, header)
      this.#heights.set(header.hash, header.height)
    }
  }

  async header(at: number | Hash): Promise<Header | undefined> {
    if (typeof at !== 'number') return this.#headerOfHash(at)
    if (at === 0) return this.#parts.first.header
    if (at > this.head().height) return undefined
    const known = this.#headers.get(at)
    if (known !== undefined) return known
    // Whoever reads backwards wants those before it, too.
    const from = this.#headers.has(at + 1) ? Math.max(1, at + 1 - lightHeadersMax) : at
    this.#keep((await this.#fetchHeaders(from)) ?? [])
    if (from < at && !this.#headers.has(at)) this.#keep((await this.#fetchHeaders(at)) ?? [])
    return this.#headers.get(at)
  }

  #fetchHeaders(from: number): Promise<readonly Header[] | undefined> {
    return this.#parts.client.asking(async (peer) => {
      const headers = await peer.headers(from, lightHeadersMax)
      if (headers.length > 0) return headers
      throw validatorErrors.ledger_nobody_answers('The peer has no certificate for this block.')
    })
  }

  async #headerOfHash(hash: Hash): Promise<Header | undefined> {
    if (hash === this.genesisHash) return this.#parts.first.header
    const known = this.#heights.get(hash)
    const height = known ?? (await headerOfHash(this.#parts.client, hash))?.height
    // It may be one that never became final.
    const header = height === undefined ? undefined : await this.header(height)
    return header?.hash === hash ? header : undefined
  }

  async block(at: number | Hash): Promise<FullBlock | undefined> {
    const header = await this.header(at)
    if (header === undefined) return undefined
    if (header.height === 0) return this.#parts.first
    const known = this.#blocks.get(header.hash)
    if (known !== undefined) return known
    await this.#fetchBlocks(this.#wantedWith(header))
    // What came before it filled the answer.
    if (!this.#blocks.has(header.hash)) await this.#fetchBlocks([header])
    return this.#blocks.get(header.hash)
  }

  async #fetchBlocks(headers: readonly Header[]): Promise<void> {
    const found = await fetchBlocks(this.#parts.client, this.#spec, headers)
    for (const block of found ?? []) this.#blocks.set(block.header.hash, block)
  }

  /** Whoever reads one after the other wants the next ones, too, or those before it. */
  #wantedWith(header: Header): readonly Header[] {
    const { height } = header
    const isHere = (at: number) => {
      const known = this.#headers.get(at)
      return known !== undefined && this.#blocks.has(known.hash)
    }
    const step = isHere(height - 1) ? 1 : isHere(height + 1) ? -1 : 0
    const wanted = [header]
    while (step !== 0 && wanted.length < lightBlocksAtOnce) {
      const next = this.#headers.get(height + step * wanted.length)
      if (next === undefined || next.height === 0 || this.#blocks.has(next.hash)) break
      wanted.push(next)
    }
    return step < 0 ? wanted.reverse() : wanted
  }

  async receipts(hash: Hash): Promise<readonly Receipt[] | undefined> {
    const known = this.#receipts.get(hash)
    if (known !== undefined) return known
    const block = await this.block(hash)
    if (block === undefined) return undefined
    const found = await fetchReceipts(this.#parts.client, block)
    if (found !== undefined) this.#receipts.set(hash, found)
    return found
  }

  async transaction(hash: Hash): Promise<Placed | undefined> {
    return findTransaction(this.#parts.client, this.#spec, hash, (height) => this.#headers.get(height))
  }

  state(at: Header): StateReader
  state(at: number | Hash): Promise<StateReader | undefined>
  state(at: Header | number | Hash): StateReader | Promise<StateReader | undefined> {
    if (typeof at === 'object') return stateReader(this.#parts.client, at, this.#remote(at))
    return this.header(at).then((header) => (header === undefined ? undefined : this.state(header)))
  }

  #remote(header: Header): RemoteState {
    const known = this.#states.get(header.hash)
    if (known !== undefined) return known
    const { client, clock } = this.#parts
    const machine = { common: this.#spec.common, scheduled: false }
    const options = { machine, readsMax: lightReadsMax, entriesMax: lightStateEntriesMax }
    const made = createRemoteState(options)({ reader: readerAt(client, header), clock })
    this.#states.set(header.hash, made)
    return made
  }

  async #remoteOf(block: Hash): Promise<RemoteState> {
    const header = await this.header(block)
    if (header !== undefined) return this.#remote(header)
    throw chainErrors.block_unknown('Nobody who is connected knows this block.')
  }

  readonly world = {
    call: async (block: Hash, environment: BlockEnvironment, request: CallRequest) =>
      (await this.#remoteOf(block)).call(environment, request, { timeMsMax: lightCallMs }),
    createAccessList: async (block: Hash, environment: BlockEnvironment, request: CallRequest) =>
      (await this.#remoteOf(block)).accessList(environment, request, { timeMsMax: lightCallMs }),
  }

  /** Headers say which blocks have none; of the others all receipts are fetched. Throws `logs_too_many`, `history_pruned`. */
  async logs(filter: LogFilter): Promise<readonly FoundLog[]> {
    const { fromHeight } = filter
    const toHeight = Math.min(filter.toHeight, this.head().height)
    if (toHeight - fromHeight >= lightLogBlocksMax) {
      const sentence = `In light mode at most ${lightLogBlocksMax} blocks are looked through at once.`
      throw chainErrors.logs_too_many(sentence, {
        details: { fromHeight, toHeight: fromHeight + lightLogBlocksMax - 1 },
      })
    }
    const found: FoundLog[] = []
    for (let height = fromHeight; height <= toHeight; height++) {
      const header = await this.header(height)
      if (header === undefined) throw pruned(height)
      if (!mayMatch(header.logsBloom, filter)) continue
      found.push(...(await this.#logsOf(header)).filter((log) => matches(log, filter)))
    }
    return found
  }

  async #logsOf({ hash, height, timestamp }: Header): Promise<readonly FoundLog[]> {
    const [block, receipts] = [await this.block(hash), await this.receipts(hash)]
    if (block === undefined || receipts === undefined) throw pruned(height)
    let logIndex = 0
    return receipts.flatMap(({ logs }, transactionIndex) => {
      const transaction = block.transactions[transactionIndex]
      if (transaction === undefined) return []
      const own = transactionHash(transaction)
      return logs.map((log) => ({
        ...log,
        ...{ block: hash, height, timestamp, transaction: own, transactionIndex, logIndex: logIndex++ },
      }))
    })
  }

  on(listener: (event: ChainEvent) => void): () => void {
    return this.#events.on(listener)
  }

  stop(): void {
    this.#off()
    this.pool.stop()
  }
}

function pruned(height: number) {
  return chainErrors.history_pruned(`Nobody who is connected gives what block ${height} holds.`)
}

/** How high what was proven here has reached. */
function createMemory(database: Database) {
  migrate(database, 'ledger-light', [
    'CREATE TABLE light_head (one INTEGER PRIMARY KEY CHECK (one = 1), height INTEGER NOT NULL) STRICT',
  ])
  const read = database.prepare('SELECT height FROM light_head')
  const write = database.prepare('INSERT OR REPLACE INTO light_head VALUES (1, ?)')
  let height = Number(read.get()?.height ?? 0)
  return {
    height: () => height,
    setHeight(value: number): void {
      height = value
      // Another look at the chain tells it again: it does not wait for the disk.
      lazyTransaction(database, () => write.run(value))
    },
  }
}
