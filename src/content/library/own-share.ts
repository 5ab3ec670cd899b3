// One own share: its scans, its versions, its watcher. Everything that may mean a change (the watcher, a block that was
// not found, a start) calls `look`, which compares stamps and scans only what differs.
//
//   look ──► unchanged: nothing │ changed: scan ──► same root: rows mended │ new root: version sequence + 1
//        ──► path gone or unreadable: failed, looked for again until it is back

import { equalBytes } from '../../base/bytes.ts'
import { type PeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import type { IndexedInventory } from '../format/inventory.ts'
import type { Digest } from '../types.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { dropOlder, putVersion } from './adopt.ts'
import type { BlockIndex } from './block-index.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { IndexedHolding } from './indexed-holding.ts'
import {
  changeQuietMs,
  changeWaitMaxMs,
  countAheadAfterMs,
  pollMs,
  progressEveryMs,
  scanPauseFactor,
  vanishedPollMs,
} from './limits.ts'
import type { Registry } from './registry.ts'
import { countAhead, isUnchanged, nothingAhead, type Scan, scan } from './scan.ts'
import type { ScanProgress } from './scan-files.ts'
import { shareName } from './share-name.ts'
import { cidOfRoot, type OwnShare, skippedView } from './share-view.ts'
import type { ShareWatch } from './watch.ts'

export interface OwnShareParts {
  readonly clock: Clock
  readonly log: Log
  readonly index: BlockIndex
  readonly rows: HoldingRows
  /** Our own data folder, which is never shared along with a folder above it. */
  readonly home: string
  readonly worker: BlockWorker
  readonly registry: Pick<Registry, 'remove' | 'replace'>
  /** Runs scans a few at a time. */
  readonly runScan: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly watch: (path: string, onChange: () => void) => ShareWatch
  /** Something that `view` shows has changed. */
  readonly onView: () => void
}

export class OwnShareKeeper {
  readonly #parts: OwnShareParts
  readonly #watch: ShareWatch
  readonly #stopping = new AbortController()
  #facts: HoldingFacts
  #holding: IndexedHolding | undefined
  #root: Digest | undefined
  #problem: PeerhoodError | undefined
  #scan: OwnShare['scan']
  #skipped: Pick<Scan, 'skipped' | 'skippedCount'> = { skipped: [], skippedCount: 0 }
  /** The look under way; `#again` asks for one more after it. */
  #looking: Promise<void> | undefined
  #again = false
  #touched = false
  /** Before the next look. */
  #pauseMs = 0
  #lookedAtMs = 0
  #dirtySinceMs: number | undefined
  #cancelTimer: Cancel = () => {}

  constructor(facts: HoldingFacts, parts: OwnShareParts) {
    this.#facts = facts
    this.#parts = parts
    this.#watch = parts.watch(this.path, () => this.#touch())
    if (facts.recordBytes !== undefined) this.#serve(facts, false)
  }

  get facts(): HoldingFacts {
    return this.#facts
  }

  get path(): string {
    return this.#facts.path ?? ''
  }

  get view(): OwnShare {
    const { id: _row, shareId, visibility, sequence, meta, createdMs, updatedMs } = this.#facts
    return {
      id: shareId,
      origin: 'own',
      visibility,
      state: this.#problem !== undefined ? 'failed' : this.#scan !== undefined || sequence === 0 ? 'scanning' : 'ready',
      name: meta?.name ?? shareName(this.path),
      kind: meta?.kind,
      path: this.path,
      readable: true,
      cid: cidOfRoot(this.#facts, this.#root),
      sequence,
      files: meta?.files ?? 0,
      bytes: meta?.bytes ?? 0,
      blocks: this.#holding?.record.blocks ?? 0,
      blocksHere: this.#holding?.have.ones ?? 0,
      createdMs,
      updatedMs,
      scan: this.#scan,
      skipped: this.#skipped.skipped.map(skippedView),
      skippedCount: this.#skipped.skippedCount,
      problem: this.#problem,
      watching: this.#watch.watching,
    }
  }

  /** Looks whether the share is still as its version says, and makes a new version if not. Never rejects. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true
      return this.#looking
    }
    this.#looking = this.#lookUntilSettled().finally(() => {
      this.#looking = undefined
      // What changed meanwhile may lie behind the scan's reader.
      if (this.#touched) this.#touch()
      this.#touched = false
    })
    return this.#looking
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#looking
  }

  /** Ends scans and watchers, and takes the holding out of the library. */
  async close(): Promise<void> {
    this.#stopping.abort()
    this.#cancelTimer()
    this.#watch.close()
    await this.#looking
    if (this.#holding !== undefined) this.#parts.registry.remove(this.#holding)
    this.#holding = undefined
  }

  async #lookUntilSettled(): Promise<void> {
    do {
      this.#again = false
      this.#dirtySinceMs = undefined
      this.#cancelTimer()
      await this.#lookOnce()
    } while (this.#again && !this.#stopping.signal.aborted)
  }

  async #lookOnce(): Promise<void> {
    const { clock, runScan } = this.#parts
    try {
      await runScan(async () => {
        const startMs = clock.monotonicMs()
        this.#watch.begin()
        // It reads everything; those after it, what changed.
        const isFirst = this.#root === undefined
        if (!(await this.#isUnchanged())) await this.#scanNow()
        this.#watch.end()
        this.#lookedAtMs = clock.monotonicMs()
        this.#pauseMs = (this.#lookedAtMs - startMs) * (isFirst ? 1 : scanPauseFactor)
      })
      this.#recover()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#scan = undefined
      if (!this.#stopping.signal.aborted) this.#parts.onView()
    }
  }

  async #isUnchanged(): Promise<boolean> {
    // A version whose list of blocks the database has lost is made anew.
    if (this.#holding !== undefined && (await this.#holding.readInventory()) === undefined) this.#root = undefined
    const isSettled = this.#facts.state === 'done' && this.#root !== undefined
    if (!isSettled || this.#holding?.complete === false) return false
    return isUnchanged(this.#parts, this.#request())
  }

  #request() {
    const { signal } = this.#stopping
    const onFolder = (folder: string) => this.#watch.add(folder)
    return { path: this.path, holding: this.#facts.id, signal, onFolder, exclude: this.#parts.home }
  }

  async #scanNow(): Promise<void> {
    const { clock, rows } = this.#parts
    const counting = new AbortController()
    let [ahead, toldAtMs] = [nothingAhead, Number.NEGATIVE_INFINITY]
    const onProgress = ({ files, bytes }: ScanProgress) => {
      this.#scan = { files, bytes, filesTotal: ahead.files, bytesTotal: ahead.bytes }
      const nowMs = clock.monotonicMs()
      if (nowMs - toldAtMs < progressEveryMs) return
      toldAtMs = nowMs
      this.#parts.onView()
    }
    const count = async () => {
      const signal = AbortSignal.any([this.#stopping.signal, counting.signal])
      // Whatever is wrong with the files, the scan says it.
      ahead = await countAhead(clock, this.path, { signal, exclude: this.#parts.home }).catch(() => nothingAhead)
    }
    onProgress(nothingAhead)
    // From now on the index may have files as no version has them: after a stop or a crash it says nothing of changes.
    if (this.#facts.state === 'done') this.#facts = rows.update(this.#facts.id, { state: 'partial' })
    const cancelCount = clock.after(countAheadAfterMs, () => void count())
    try {
      const found = await scan(this.#parts, { ...this.#request(), keys: this.#facts, onProgress })
      this.#scan = { files: found.files, bytes: found.bytes, filesTotal: found.files, bytesTotal: found.bytes }
      this.#parts.onView()
      this.#skipped = found
      await this.#adopt(found)
      if (found.unsettled) this.#touch()
    } finally {
      cancelCount()
      counting.abort()
    }
  }

  /** Makes what was found the share's version, unless it is the present one. */
  async #adopt(found: Scan): Promise<void> {
    const { signal } = this.#stopping
    if (this.#root === undefined || !equalBytes(this.#root, found.draft.root)) {
      const { facts, inventory } = await putVersion(this.#parts, this.#facts, found, signal)
      this.#facts = facts
      this.#serve(facts, true, inventory)
    } else if (this.#holding?.complete === false) this.#serve(this.#facts, false, await this.#holding.readInventory())
    await dropOlder(this.#parts, this.#facts, found, signal)
    this.#facts = this.#parts.rows.update(this.#facts.id, { state: 'done' })
  }

  /** Puts the version of `facts` into the library, in place of the one before. */
  #serve(facts: HoldingFacts, isNewVersion: boolean, inventory?: IndexedInventory): void {
    const before = this.#holding
    const holding = new IndexedHolding(facts, { ...this.#parts, inventory, onChanged: () => this.#touch() })
    this.#holding = holding
    this.#root = (inventory?.digest(0).slice() as Digest | undefined) ?? holding.root
    this.#parts.registry.replace(before, holding, 'own')
    if (isNewVersion) before?.supersede()
  }

  #recover(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    if (this.#holding === undefined && this.#facts.recordBytes !== undefined) this.#serve(this.#facts, false)
    this.#parts.log.info('share_recovered', { share: this.#facts.shareId })
  }

  #fail(error: unknown): void {
    if (this.#stopping.signal.aborted) return
    const problem = toPeerhoodError(error)
    if (this.#problem?.code !== problem.code) {
      this.#parts.log.warn(problem.code, { share: this.#facts.shareId, message: problem.message })
    }
    this.#problem = problem
    this.#watch.end()
    if (this.#holding !== undefined) this.#parts.registry.remove(this.#holding)
    this.#holding = undefined
    this.#lookAfter(problem.code === 'path_vanished' ? vanishedPollMs : pollMs)
  }

  /** Something may have changed: look once it is quiet, but not for ever later, and not all the time. */
  #touch(): void {
    if (this.#stopping.signal.aborted) return
    if (this.#looking !== undefined) {
      this.#touched = true
      return
    }
    const nowMs = this.#parts.clock.monotonicMs()
    this.#dirtySinceMs ??= nowMs
    const latestMs = this.#dirtySinceMs + changeWaitMaxMs
    const earliestMs = this.#lookedAtMs + this.#pauseMs
    this.#lookAfter(Math.max(Math.min(changeQuietMs, latestMs - nowMs), earliestMs - nowMs, 0))
  }

  #lookAfter(delayMs: number): void {
    this.#cancelTimer()
    if (this.#stopping.signal.aborted) return
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => void this.look())
  }
}
