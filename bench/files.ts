// `npm run bench -- files [--files 200000] [--keep]`: a folder of very many small files (5 KB each on average) shared by one
// daemon and fetched by another, privately and publicly; then 10 files change, and the second version is fetched. Prints when
// each side first showed progress, how long it took, the peak memory of both, by how much their event loops came late, and
// what moved. Fails when a bound is broken.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Daemon, startDaemon } from './daemon.ts'
import { makeSmallFiles } from './data.ts'
import { sizeOf, until, usage } from './processes.ts'
import { table } from './table.ts'

const firstProgressMsMax = 1_000
const memoryMegabytesMax = 400
const loopDelayMsMax = 50
const changedFiles = 10
const fileBytesMax = 9_500

interface Side {
  readonly name: string
  readonly daemon: Daemon
  readonly delayFile: string
}

interface Row {
  readonly what: string
  readonly firstMs: number
  readonly seconds: number
  readonly bytesMoved: number
  readonly megabytes: readonly number[]
  readonly loopMs: readonly { readonly p99: number; readonly max: number }[]
}

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200000' },
    keep: { type: 'boolean', default: false },
    visibility: { type: 'string', default: 'both' },
  },
})

async function startSide(scratch: string, name: string): Promise<Side> {
  const delayFile = join(scratch, `${name}-delay.json`)
  const options = `--import=${join(import.meta.dirname, 'loop-delay.ts')} --disable-warning=ExperimentalWarning`
  const daemon = await startDaemon(join(scratch, `home-${name}`), {
    LOOP_DELAY_FILE: delayFile,
    NODE_OPTIONS: options,
  })
  return { name, daemon, delayFile }
}

/** The event loop's delay since it was last asked. */
async function loopDelay({ daemon, delayFile }: Side): Promise<{ p99: number; max: number }> {
  rmSync(delayFile, { force: true })
  process.kill(daemon.pid, 'SIGUSR2')
  return until('the event loop answers', () => {
    try {
      return JSON.parse(readFileSync(delayFile, 'utf8')) as { p99: number; max: number }
    } catch {
      return undefined
    }
  })
}

async function sentBytes({ daemon }: Side): Promise<number> {
  const text = await daemon.sdk.metrics()
  return Number(/^peerhood_transfer_bytes_out_total(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1] ?? 0)
}

/** Runs one step and measures both sides meanwhile. */
async function measure(
  what: string,
  sides: readonly Side[],
  run: (progress: (shows: boolean) => void) => Promise<void>,
): Promise<Row> {
  for (const side of sides) await loopDelay(side)
  const sentBefore = await sentBytes(sides[0] as Side)
  const startMs = performance.now()
  let firstMs = Number.POSITIVE_INFINITY
  await run((shows) => {
    if (shows) firstMs = Math.min(firstMs, performance.now() - startMs)
  })
  const seconds = (performance.now() - startMs) / 1000
  return {
    what,
    firstMs,
    seconds,
    bytesMoved: (await sentBytes(sides[0] as Side)) - sentBefore,
    megabytes: sides.map(({ daemon }) => usage(daemon.pid).memoryMaxBytes / 1e6),
    loopMs: await Promise.all(sides.map(loopDelay)),
  }
}

async function fetchInto(side: Side, link: string, to: string, progress: (shows: boolean) => void): Promise<void> {
  const { id } = await side.daemon.sdk.transfers.add({ link, to })
  await side.daemon.sdk.transfers.finished(id, { onProgress: ({ blocksDone }) => progress(blocksDone > 0) })
}

/** Differently for each `how`: what was written there before would be no change. */
function change(source: string, how: string): void {
  for (let index = 0; index < changedFiles; index++) {
    writeFileSync(
      join(source, `folder-00${index % 10}`, `file-${String(100 * index).padStart(5, '0')}.bin`),
      `changed ${how} ${index}`,
    )
  }
}

async function runWith(visibility: 'private' | 'public', source: string, scratch: string): Promise<Row[]> {
  mkdirSync(scratch)
  const sides = [await startSide(scratch, 'author'), await startSide(scratch, 'reader')]
  const [author, reader] = sides as [Side, Side]
  const { shares } = author.daemon.sdk
  const to = join(scratch, 'fetched')
  mkdirSync(to)
  let id = ''
  try {
    const shared = await measure(`share, ${visibility}`, sides, async (progress) => {
      const share = await shares.add({ path: source, public: visibility === 'public' })
      id = share.id
      await shares.ready(id, { onProgress: ({ scan }) => progress((scan?.files ?? 0) > 0) })
    })
    const link = String((await shares.get(id)).link)
    const fetched = await measure(`get, ${visibility}`, sides, (progress) => fetchInto(reader, link, to, progress))
    const { sequence } = await shares.get(id)
    change(source, visibility)
    const again = await measure(`share 10 changed, ${visibility}`, sides, async (progress) => {
      for await (const share of shares.watch(id)) {
        progress((share.scan?.files ?? 0) > 0)
        if (share.sequence > sequence && share.state === 'ready') return
      }
    })
    const second = await measure(`get 10 changed, ${visibility}`, sides, (progress) =>
      fetchInto(reader, link, to, progress),
    )
    return [shared, fetched, again, second]
  } finally {
    for (const { daemon } of sides) await daemon.stop()
  }
}

function print(rows: readonly Row[]): void {
  const whole = (value: number) => value.toFixed(0)
  console.log(
    table(
      ['', 'first progress, ms', 's', 'moved, MB', 'author, MB', 'reader, MB', 'author late p99 / max, ms', 'reader'],
      rows.map(({ what, firstMs, seconds, bytesMoved, megabytes, loopMs }) => [
        what,
        whole(firstMs),
        seconds.toFixed(1),
        (bytesMoved / 1e6).toFixed(2),
        ...megabytes.map(whole),
        ...loopMs.map(({ p99, max }) => `${whole(p99)} / ${whole(max)}`),
      ]),
    ),
  )
}

function broken({ what, firstMs, megabytes, loopMs }: Row): string[] {
  const first =
    /^(share|get), /.test(what) && firstMs > firstProgressMsMax ? [`progress after ${firstMs.toFixed(0)} ms`] : []
  const memory = megabytes.filter((size) => size > memoryMegabytesMax).map((size) => `${size.toFixed(0)} MB`)
  const late = loopMs.filter(({ p99 }) => p99 > loopDelayMsMax).map(({ p99 }) => `event loop ${p99.toFixed(0)} ms late`)
  return [...first, ...memory, ...late].map((text) => `${what}: ${text}`)
}

const scratch = mkdtempSync(join(tmpdir(), 'peerhood-bench-files-'))
const source = join(scratch, 'source')
try {
  makeSmallFiles(source, Number(values.files), fileBytesMax)
  const { files, bytes } = sizeOf(source)
  console.log(`${files} files, ${(bytes / 1e6).toFixed(0)} MB`)
  const rows: Row[] = []
  for (const visibility of ['private', 'public'] as const) {
    if (values.visibility === 'both' || values.visibility === visibility) {
      rows.push(...(await runWith(visibility, source, join(scratch, visibility))))
    }
  }
  print(rows)
  const failures = rows.flatMap(broken)
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length === 0 ? 0 : 1
} finally {
  if (!values.keep) rmSync(scratch, { recursive: true, force: true })
}
