// A validator's files cut anywhere, in a cluster that goes on: chain (and SQLite's journal), vote log, signer guard. Each cut: it is
// started on what is left; where that says that it is damaged, as a person who follows the hint does, the file is moved away;
// then it must come level, vote, and never have contradicted what it said in any life.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isPeerhoodError } from '../../src/base/errors.ts'
import type { Vote } from '../../src/ledger/consensus/types.ts'
import { decodeMessage as decodeConsensus } from '../../src/ledger/consensus/wire.ts'
import { decodeMessage } from '../../src/ledger/validator/wire.ts'
import { Cluster, type Machine } from './ledger-cluster.ts'

const pageBytes = 4_096
const journalHeadBytes = 32
const frameBytes = pageBytes + 24
/** No multiple of what is common, so that it falls on every part of a record. */
const logStepBytes = 131

export type CutFile = 'chain' | 'journal' | 'votes' | 'guard'
/** What a start on the rest gave. */
export type CutOutcome = 'opened' | 'chain_damaged' | 'files_damaged'

export class CutCluster {
  readonly all: Cluster
  readonly #folder: string
  readonly #victim = 3
  #generation = 0
  /** By epoch, view and kind: what the victim said of it. */
  readonly #said = new Map<string, string>()
  readonly contradictions: string[] = []

  constructor(folder: string, seed: string) {
    this.#folder = folder
    this.all = new Cluster(4, { seed })
    this.all.tap = (from, _, bytes) => {
      if (from === this.#victim) this.#hear(bytes)
      return bytes
    }
  }

  get #machine(): Machine {
    return this.all.machine(this.#victim)
  }

  async begin(): Promise<void> {
    this.#open(this.#path())
    for (const { number } of this.all.machines) await this.all.start(number)
    for (let height = 1; height <= 3; height++) await this.#block()
    this.fold()
    await this.#block()
    this.all.crash(this.#victim)
  }

  /** SQLite's journal goes into its file. */
  fold(): void {
    this.#machine.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Where it may be cut: at each page of the chain, at each of the journal, at every byte of the guard, all over the log. */
  places(file: CutFile): number[] {
    const { length } = this.#bytes(file)
    const until = (first: number, step: number) =>
      Array.from({ length: Math.max(0, Math.ceil((length - first) / step)) }, (_, at) => first + at * step)
    if (file === 'chain') return until(0, pageBytes)
    if (file === 'journal') return [0, ...until(journalHeadBytes, frameBytes)]
    return until(0, file === 'guard' ? 1 : logStepBytes)
  }

  /** While it is down. Two blocks are made after it. */
  async cut(file: CutFile, length: number): Promise<CutOutcome> {
    if (file === 'chain') this.fold()
    const before = this.#path()
    this.#generation += 1
    const path = this.#path()
    for (const suffix of ['', '-wal']) {
      if (existsSync(before + suffix)) copyFileSync(before + suffix, path + suffix)
    }
    this.#machine.database.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(before + suffix, { force: true })
    if (file === 'chain' || file === 'journal') {
      const cut = file === 'chain' ? path : `${path}-wal`
      if (existsSync(cut)) truncateSync(cut, Math.min(length, statSync(cut).size))
    } else this.#machine.disk.put(file, this.#bytes(file).subarray(0, length))
    const outcome = await this.#start(path)
    await this.#block()
    await this.#block()
    // What is in the file, and what in the journal only, differs from time to time.
    if (this.#generation % 3 === 0) this.fold()
    this.all.agree()
    this.all.crash(this.#victim)
    return outcome
  }

  #path(): string {
    mkdirSync(this.#folder, { recursive: true })
    return join(this.#folder, `chain-${this.#generation}.db`)
  }

  #bytes(file: CutFile): Uint8Array {
    if (file === 'votes' || file === 'guard') return this.#machine.disk.content(file) ?? new Uint8Array(0)
    const path = file === 'chain' ? this.#path() : `${this.#path()}-wal`
    return existsSync(path) ? readFileSync(path) : new Uint8Array(0)
  }

  #open(path: string): void {
    const database = new DatabaseSync(path)
    Object.assign(this.#machine, { database })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0')
  }

  async #start(path: string): Promise<CutOutcome> {
    let outcome = await this.#tried(path)
    if (outcome === 'chain_damaged') {
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
      const again = await this.#tried(path)
      if (again === 'files_damaged') outcome = again
      else if (again !== 'opened') throw new Error(`it does not open on an empty chain: ${again}`)
    }
    if (outcome !== 'files_damaged') return outcome
    // It follows, and votes no more until both are moved away.
    await this.#block()
    this.all.crash(this.#victim)
    for (const name of ['votes', 'guard']) this.#machine.disk.remove(name)
    if ((await this.#tried(path, true)) !== 'opened') throw new Error('it does not start without vote log and guard')
    return outcome
  }

  async #tried(path: string, isOpen = false): Promise<CutOutcome> {
    try {
      if (!isOpen) this.#open(path)
      await this.all.start(this.#victim)
    } catch (error) {
      this.all.crash(this.#victim)
      this.#machine.database.close()
      if (isPeerhoodError(error) && error.code === 'chain_damaged') return 'chain_damaged'
      if (isDamage(error)) return 'chain_damaged'
      throw error
    }
    const { voting } = this.all.status(this.#victim)
    return voting.kind === 'stopped' && voting.code === 'files_damaged' ? 'files_damaged' : 'opened'
  }

  /** One more block, which everybody has. */
  async #block(): Promise<void> {
    const before = Math.max(...this.all.heights())
    await this.all.submit(1, 0)
    await this.all.until('the next block, everywhere', () => Math.min(...this.all.heights()) > before)
  }

  #hear(bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    if (message.kind !== 'consensus') return
    const said = decodeConsensus(message.bytes, (block) => this.all.chain(0).decode(block))
    if (said.kind === 'vote' || said.kind === 'proposal') this.#note(said.vote)
  }

  #note({ kind, epoch, view, block }: Vote): void {
    const at = `${epoch}/${view}`
    const about = block ?? 'nothing'
    const before = this.#said.get(`${at} ${kind}`) ?? about
    const other = kind === 'nullify' ? 'finalize' : 'nullify'
    if (before !== about) this.contradictions.push(`${at}: ${kind} ${before} and ${about}`)
    if (kind !== 'notarize' && this.#said.has(`${at} ${other}`)) this.contradictions.push(`${at}: ${kind} and ${other}`)
    this.#said.set(`${at} ${kind}`, about)
  }

  /** What anybody holds against anybody. */
  evidence(): number {
    return this.all.running().reduce((sum, { number }) => sum + this.all.node(number).evidence().length, 0)
  }

  close(): void {
    try {
      this.#machine.database.close()
    } catch {
      // It was closed when it could not be opened.
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What SQLite says of a file that it can't read: the daemon opens it before the chain does. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && /malformed|not a database|disk I\/O|corrupt/.test(error.message)
}
