// What disks do: fail, lose power between any two steps, come back cut. A chain opens at the block before or after, or says that
// it can't.

import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { Database, SqlValue, Statement } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Block, Hash } from '../types.ts'
import { keepBlocksMin } from './limits.ts'
import { keepBlocksOf, LedgerChain, openChain, openInside } from './service.ts'
import { specOf } from './spec.ts'
import { createTestChain, createTestClock, mineOn, quietLog, signed, testAccount, testGenesis } from './testing.ts'
import type { Chain } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'peerhood-chain-'))
after(() => rmSync(folder, { recursive: true }))
const genesis = testGenesis()

const open = (database: Database) => openChain({ genesis })({ database, clock: createTestClock(), log: quietLog })

function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return database
}

/** From some step that changes something on, nothing happens any more; or one step fails and the next go on. */
class FaultyDatabase implements Database {
  readonly #inner: DatabaseSync
  readonly #isDead: boolean
  /** Steps until the fault; Infinity: none. */
  left = Number.POSITIVE_INFINITY
  steps = 0

  constructor(inner: DatabaseSync, options: { readonly dies: boolean }) {
    this.#inner = inner
    this.#isDead = options.dies
  }

  #step(): void {
    this.steps += 1
    this.left -= 1
    if (this.left < 0 && (this.#isDead || this.left === -1)) throw new Error('the disk is full')
  }

  exec(sql: string): void {
    this.#step()
    this.#inner.exec(sql)
  }

  prepare(sql: string): Statement {
    const statement = this.#inner.prepare(sql)
    return {
      run: (...values: SqlValue[]) => {
        this.#step()
        return statement.run(...values)
      },
      get: (...values) => statement.get(...values),
      all: (...values) => statement.all(...values),
      iterate: (...values) => statement.iterate(...values),
    }
  }
}

/** Blocks on the genesis, the last of which is to be made final with the one before it. */
async function twoBlocks(): Promise<Block[]> {
  const here = await createTestChain()
  const { chainId } = genesis
  const blocks: Block[] = []
  for (const nonce of [0, 1]) {
    await here.chain.pool.add(await signed(testAccount(0), { chainId, nonce }), { local: true })
    blocks.push(await here.mine())
  }
  return blocks
}

async function checkAll(chain: Chain, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) assert.equal((await chain.check(block)).ok, true)
}

test('power that is lost between any two steps leaves the block before or the block after', async () => {
  const blocks = await twoBlocks()
  const last = blocks[1] as Block
  const heights = new Set<number>()
  const empty = join(folder, 'empty.db')
  const begun = openFile(empty)
  await open(begun)
  begun.close()
  for (let step = 0; ; step++) {
    const path = join(folder, 'crash.db')
    copyFileSync(empty, path)
    const inner = openFile(path)
    const faulty = new FaultyDatabase(inner, { dies: true })
    const chain = await open(faulty)
    await checkAll(chain, blocks)
    faulty.left = step
    const isDone = await chain.finalize(last.hash, Uint8Array.of(1)).then(
      () => true,
      () => false,
    )
    // As the operating system does when a process is gone.
    inner.close()
    const again = openFile(path)
    const reopened = await open(again)
    const { height } = reopened.head()
    heights.add(height)
    assert.equal((await reopened.state(height)?.account(testAccount(0).address))?.nonce, BigInt(height))
    assert.equal(reopened.block(height + 1), undefined)
    const missing = blocks.slice(height)
    await checkAll(reopened, missing)
    await reopened.finalize(last.hash, Uint8Array.of(1))
    assert.equal(reopened.head().hash, last.hash)
    again.close()
    if (isDone) break
  }
  assert.deepEqual([...heights].sort(), [0, 1, 2])
})

test('a disk that fails once is tried again; nothing was told as final before', async () => {
  const blocks = await twoBlocks()
  const last = blocks[1] as Block
  const faulty = new FaultyDatabase(new DatabaseSync(':memory:'), { dies: false })
  const chain = await open(faulty)
  await checkAll(chain, blocks)
  const finals: number[] = []
  chain.on((event) => event.kind === 'final' && finals.push(event.header.height))
  for (const step of [3, 0, 8, 2]) {
    faulty.left = step
    await assert.rejects(chain.finalize(last.hash, Uint8Array.of(1)), { code: 'chain_disk_failed' })
    assert.deepEqual([chain.head().height, finals], [0, []])
    assert.equal((await chain.state(0)?.account(testAccount(0).address))?.nonce, 0n)
  }
  faulty.left = Number.POSITIVE_INFINITY
  await chain.finalize(last.hash, Uint8Array.of(1))
  assert.deepEqual(finals, [1, 2])
  assert.equal((await chain.state(2)?.account(testAccount(0).address))?.nonce, 2n)
})

test('a database that was cut at any page opens at a block, or says that it is damaged', async () => {
  const blocks = await twoBlocks()
  const path = join(folder, 'whole.db')
  const database = openFile(path)
  const chain = await open(database)
  await checkAll(chain, blocks)
  await chain.finalize((blocks[1] as Block).hash, Uint8Array.of(1))
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  const whole = readFileSync(path)
  const results = new Set<string>()
  for (let length = 0; length <= whole.length; length += 4_096) {
    const cut = join(folder, 'cut.db')
    for (const suffix of ['-wal', '-shm']) rmSync(cut + suffix, { force: true })
    writeFileSync(cut, whole.subarray(0, length))
    let opened: DatabaseSync | undefined
    try {
      opened = new DatabaseSync(cut)
      results.add(`block ${(await open(opened)).head().height}`)
    } catch (error) {
      results.add(isPeerhoodError(error) ? error.code : String(error))
    } finally {
      opened?.close()
    }
  }
  // Nothing of it left is a new chain.
  assert.deepEqual([...results].sort(), ['block 0', 'block 2', 'chain_damaged'])
})

test('rows that changed on their own are named, and never handed out', async () => {
  const blocks = await twoBlocks()
  const database = new DatabaseSync(':memory:')
  const chain = await open(database)
  await checkAll(chain, blocks)
  await chain.finalize((blocks[1] as Block).hash, Uint8Array.of(1))
  database.exec(`UPDATE chain_bodies SET rest = x'c0' WHERE height = 1`)
  const again = await open(database)
  assert.throws(() => again.block(1), { code: 'chain_damaged' })
  database.exec(`UPDATE chain_blocks SET header = (SELECT header FROM chain_blocks WHERE height = 1) WHERE height = 0`)
  assert.throws(() => again.header(0), { code: 'chain_damaged' })
  database.exec(`UPDATE chain_blocks SET hash = zeroblob(32) WHERE height = 2`)
  await assert.rejects(open(database), { code: 'chain_damaged' })
})

test('blocks whose state is lost are dropped and fetched again', async () => {
  const blocks = await twoBlocks()
  const database = new DatabaseSync(':memory:')
  const first = await open(database)
  await checkAll(first, blocks)
  await first.finalize((blocks[1] as Block).hash, Uint8Array.of(1))
  database.exec('DELETE FROM state_roots WHERE height = 2')
  const told: string[] = []
  const log = { ...quietLog, warn: (code: string) => told.push(code) }
  const again = await openChain({ genesis })({ database, clock: createTestClock(), log })
  assert.deepEqual(told, ['ledger_state_mended', 'ledger_blocks_dropped'])
  assert.equal(again.head().height, 1)
  assert.equal((await again.state(1)?.account(testAccount(0).address))?.nonce, 1n)
  await checkAll(again, blocks.slice(1))
  await again.finalize((blocks[1] as Block).hash, Uint8Array.of(1))
  assert.equal(again.head().hash, first.head().hash)
})

test('a database belongs to one genesis', async () => {
  const database = new DatabaseSync(':memory:')
  await open(database)
  const other = testGenesis({ name: 'other' })
  const opening = openChain({ genesis: other })({ database, clock: createTestClock(), log: quietLog })
  await assert.rejects(opening, { code: 'genesis_other' })
})

test('opening a chain of 100,000 blocks reads a few rows', async () => {
  const database = new DatabaseSync(':memory:')
  const chain = await open(database)
  const blocks = await twoBlocks()
  await checkAll(chain, blocks)
  await chain.finalize((blocks[1] as Block).hash, Uint8Array.of(1))
  // Headers and bodies of others between block 0 and the last two, whose heights do not matter here.
  database.exec(`
    WITH RECURSIVE below(height) AS (SELECT -100000 UNION ALL SELECT height + 1 FROM below WHERE height < -1)
    INSERT INTO chain_blocks SELECT height, randomblob(32), zeroblob(600), zeroblob(300) FROM below`)
  database.exec(
    `INSERT INTO chain_bodies SELECT height, zeroblob(100), zeroblob(100), 0 FROM chain_blocks WHERE height < 0`,
  )
  let rows = 0
  const counting: Database = {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql)
      return {
        run: (...values: SqlValue[]) => statement.run(...values),
        get(...values) {
          rows += 1
          return statement.get(...values)
        },
        all(...values) {
          const all = statement.all(...values)
          rows += all.length
          return all
        },
        iterate: (...values) => statement.iterate(...values),
      }
    },
  }
  const again = await open(counting)
  assert.equal(again.head().height, 2)
  assert.ok(rows < 30, `${rows} rows were read`)
})

test('a pruning node keeps the last blocks, block 0 and what newcomers follow, and forgets the rest wholly', async () => {
  assert.equal(keepBlocksOf({ keep: { blocks: 1 } }), keepBlocksMin)
  assert.equal(keepBlocksOf({}), 'archive')
  const database = new DatabaseSync(':memory:')
  const parts = { database, clock: createTestClock(), log: quietLog }
  const chain = new LedgerChain(openInside(specOf(genesis), 3, parts))
  const hashes: Hash[] = []
  for (let nonce = 0; nonce < 8; nonce++) {
    const bytes = await signed(testAccount(0), { chainId: genesis.chainId, nonce })
    hashes.push(await chain.pool.add(bytes, { local: true }))
    await mineOn(chain)
  }
  assert.deepEqual(chain.oldest, { block: 5, state: 5 })
  assert.deepEqual(
    hashes.map((hash) => chain.transaction(hash)?.height),
    [undefined, undefined, undefined, undefined, 5, 6, 7, 8],
  )
  assert.equal(chain.header(0)?.hash, chain.genesisHash)
  assert.equal(chain.header(4), undefined)
  assert.equal(chain.state(4), undefined)
  assert.equal((await chain.state(5)?.account(testAccount(0).address))?.nonce, 5n)
  const count = (table: string) => database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count
  assert.deepEqual(['chain_blocks', 'chain_bodies', 'chain_transactions'].map(count), [5, 4, 4])
  const again = new LedgerChain(openInside(specOf(genesis), 3, parts))
  assert.equal(again.head().height, 8)
})
