// A small chain for tests of what does not depend on execution: numbered blocks, one account, calls that answer as they are
// told to.

import { Emitter } from '../../src/base/events.ts'
import { headerOf } from '../../src/ledger/chain/header-wire.ts'
import type { Chain, ChainEvent, FoundLog, FullBlock, Header, LogFilter } from '../../src/ledger/chain/types.ts'
import type { CallOptions, CallRequest, CallResult, Receipt, StateReader } from '../../src/ledger/evm/types.ts'
import { word } from '../../src/ledger/rpc/hex.ts'
import { createRpc } from '../../src/ledger/rpc/service.ts'
import type { Rpc, RpcSession } from '../../src/ledger/rpc/types.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'
import { createRandom } from '../sim/random.ts'
import { createManualClock, type ManualClock } from './clock.ts'

export const zeroHash = word(0n)
export const addressOf = (number: number): Address => `0x${number.toString(16).padStart(40, '0')}` as Address
export const emitter = addressOf(0xe1)

const returned: CallResult = { kind: 'returned', data: new Uint8Array(), gasUsed: 21_000n, logs: [] }

export interface FakeChain {
  readonly chain: Chain
  readonly clock: ManualClock
  /** Adds a final block with so many logs of `emitter`. */
  grow(logs?: number): Header
  /** The head is at this height; what lies between is not there. */
  jump(height: number): void
  /** Something came into the pool. */
  pending(hash: Hash): void
  /** What `world.call` does. */
  call: (request: CallRequest, options: CallOptions | undefined) => Promise<CallResult>
  readonly calls: CallRequest[]
  readonly logFilters: LogFilter[]
  /** What `pool.add` does. */
  add: (bytes: Uint8Array) => Promise<Hash>
  oldest: { block: number; state: number }
}

function fakeHeader(height: number, parent: Hash): Header {
  const fields = {
    parentHash: parent,
    unclesHash: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347' as Hash,
    coinbase: addressOf(0xc0),
    stateRoot: word(BigInt(height)),
    transactionsRoot: zeroHash,
    receiptsRoot: zeroHash,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: BigInt(height),
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp: BigInt(1_700_000_000 + height),
    extraData: new Uint8Array(),
    mixHash: zeroHash,
    nonce: new Uint8Array(8),
    baseFeePerGas: 0n,
  }
  return headerOf(fields, false)
}

/** The account that the fake state holds. */
export const rich = addressOf(0xaa)

function fakeState(root: Hash): StateReader {
  return {
    root,
    account: async (address) => (address === rich ? { nonce: 7n, balance: 1_000_000n, codeHash: zeroHash } : undefined),
    code: async () => new Uint8Array(),
    slot: async () => 0n,
    proof: async (address, keys) => ({
      ...{ address, balance: 0n, nonce: 0n, codeHash: zeroHash, storageHash: zeroHash, accountProof: [] },
      storageProof: keys.map((key) => ({ key, value: 0n, proof: [] })),
    }),
  }
}

export function createFakeChain(): FakeChain {
  const clock = createManualClock()
  const events = new Emitter<ChainEvent>()
  const headers = new Map([[0, fakeHeader(0, zeroHash)]])
  let last = fakeHeader(0, zeroHash)
  const logs: FoundLog[] = []
  const at = (where: number | Hash) =>
    typeof where === 'number' ? headers.get(where) : [...headers.values()].find(({ hash }) => hash === where)

  function add(height: number): Header {
    last = fakeHeader(height, last.hash)
    headers.set(height, last)
    return last
  }

  function logsOf(header: Header, count: number): readonly FoundLog[] {
    return Array.from({ length: count }, (_, logIndex) => ({
      ...{ address: emitter, topics: [word(BigInt(logIndex))], data: new Uint8Array() },
      ...{ block: header.hash, height: header.height, timestamp: header.timestamp },
      ...{ transaction: zeroHash, transactionIndex: 0, logIndex },
    }))
  }

  const fake: FakeChain = {
    clock,
    calls: [],
    logFilters: [],
    oldest: { block: 0, state: 0 },
    call: async () => returned,
    add: async () => word(0xadn),
    grow(count = 0) {
      const header = add(last.height + 1)
      logs.push(...logsOf(header, count))
      events.emit({ kind: 'final', header, receipts: [] as Receipt[] })
      return header
    },
    jump: (height) => void add(height),
    pending: (hash) => events.emit({ kind: 'pending', hash, bytes: new Uint8Array(), local: false }),
    chain: {
      genesis: { chainId: 1337, strangerFee: undefined },
      genesisHash: last.hash,
      head: () => last,
      header: at,
      block(where: number | Hash): FullBlock | undefined {
        const header = at(where)
        return header && { header, transactions: [], senders: [], uncles: [], withdrawals: [], bytes: header.bytes }
      },
      receipts: () => [],
      transaction: () => undefined,
      state(where: number | Hash) {
        const header = at(where)
        return header === undefined || header.height < fake.oldest.state ? undefined : fakeState(header.stateRoot)
      },
      async logs(filter: LogFilter) {
        fake.logFilters.push(filter)
        return logs.filter(({ height }) => height >= filter.fromHeight && height <= filter.toHeight)
      },
      get oldest() {
        return fake.oldest
      },
      pool: {
        add: (bytes: Uint8Array) => fake.add(bytes),
        get: () => undefined,
        nextNonce: async () => 9n,
        content: () => ({ pending: new Map(), queued: new Map() }),
        hasWork: false,
      },
      world: {
        call: async (_: Hash, __: unknown, request: CallRequest, options?: CallOptions) => {
          fake.calls.push(request)
          return fake.call(request, options)
        },
        createAccessList: async () => ({ list: [], gasUsed: 21_000n }),
      },
      on: (listener: (event: ChainEvent) => void) => events.on(listener),
    } as unknown as Chain,
  }
  return fake
}

export interface FakeRpc extends FakeChain {
  readonly rpc: Rpc
  /** The answer to one request, parsed. */
  ask(method: string, params?: readonly unknown[], session?: RpcSession): Promise<Answer>
}

export interface Answer {
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

export function createFakeRpc(): FakeRpc {
  const fake = createFakeChain()
  const rpc = createRpc({ clientVersion: 'Peerhood/test' })({
    chain: fake.chain,
    clock: fake.clock,
    random: createRandom('rpc'),
  })
  return Object.assign(fake, {
    rpc,
    async ask(method: string, params: readonly unknown[] = [], session?: RpcSession): Promise<Answer> {
      const text = await rpc.handle(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), session)
      return JSON.parse(text ?? 'null') as Answer
    },
  })
}
