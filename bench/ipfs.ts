// Interop with IPFS as it is: one file of `--mib` (256) goes from Peerhood to a real Helia and back by bitswap, beside the
// same file between two Peerhoods by bitswap and by their own protocol. Everything over loopback, TLS on all sides.
//
//   npm run bench -- ipfs [--mib 256] [--rounds 3] [--helia FOLDER]
//
// Helia is installed into a temporary folder, or into `--helia`, which is kept for the next time.

import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createPeers, defaultArgs, type Peer } from '../test/support/daemon.ts'
import { installHelia, startHelia } from './contenders/helia.ts'
import { makeBigFile } from './data.ts'
import { usage } from './processes.ts'
import { median, table } from './table.ts'

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '3' },
    helia: { type: 'string' },
  },
})
const bytes = Number(values.mib) * (1 << 20)

interface Run {
  readonly seconds: number
  readonly cpuSeconds: number
}

async function hashOf(path: string): Promise<string> {
  const sum = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sum)
  return sum.digest('hex')
}

/** Runs `work`, which gives the path of what came and perhaps its own time, and checks that it is the file. */
async function measure(
  expected: string,
  processes: readonly (number | undefined)[],
  work: () => Promise<{ readonly path: string; readonly seconds?: number }>,
): Promise<Run> {
  const cpu = () => processes.reduce((sum: number, pid) => sum + (pid === undefined ? 0 : usage(pid).cpuSeconds), 0)
  const [startMs, startCpu] = [performance.now(), cpu()]
  const { path, seconds = (performance.now() - startMs) / 1000 } = await work()
  const cpuSeconds = cpu() - startCpu
  if ((await hashOf(path)) !== expected) throw new Error('something else arrived')
  return { seconds, cpuSeconds }
}

async function getByCid(reader: Peer, cid: string, from: string, to: string): Promise<{ path: string }> {
  const job = await reader.client.ipfs.add({ kind: 'get', cid, from, to, name: 'got.bin', share: false })
  const { path } = await reader.client.ipfs.finished(job.id)
  return { path: path ?? '' }
}

const scratch = mkdtempSync(join(tmpdir(), 'peerhood-bench-'))
const folder = values.helia ?? join(scratch, 'helia')
const peers = createPeers()
try {
  makeBigFile(join(scratch, 'data'), bytes)
  const file = join(scratch, 'data', 'big.bin')
  const expected = await hashOf(file)
  process.stderr.write('  installing helia\n')
  installHelia(folder)
  const runs = new Map<string, Run[]>()
  for (let round = 0; round < Number(values.rounds); round++) {
    // New ones each time: who has the blocks already would not fetch them.
    const helia = await startHelia(folder)
    const [author, reader, other] = await Promise.all([1, 2, 3].map(() => peers.start({ args: defaultArgs })))
    if (author === undefined || reader === undefined || other === undefined) throw new Error('no peers')
    const begun = await author.client.shares.add({ path: file, public: true })
    const share = await author.client.shares.ready(begun.id)
    const [address = ''] = author.addresses
    const [heliaAddress = ''] = await helia.call<string[]>('addresses')
    const pids = (...of: readonly (number | undefined)[]) => of
    const works: Record<string, () => Promise<Run>> = {
      'Helia from Peerhood, bitswap': () =>
        measure(expected, pids(author.process.pid, helia.process.pid), async () => {
          await helia.call('dial', address)
          const path = join(peers.folder(), 'got.bin')
          return { path, seconds: await helia.call<number>('get', share.cid ?? '', path) }
        }),
      'Peerhood from Helia, bitswap': async () => {
        // From a node of its own, which has it from nobody but the disk.
        const holder = await startHelia(folder)
        const cid = await holder.call<string>('add', file)
        const [from = ''] = await holder.call<string[]>('addresses')
        const pair = pids(reader.process.pid, holder.process.pid)
        const run = await measure(expected, pair, () => getByCid(reader, cid, from, peers.folder()))
        await holder.stop()
        return run
      },
      'Peerhood from Peerhood, bitswap': () =>
        measure(expected, pids(author.process.pid, other.process.pid), () =>
          getByCid(other, share.cid ?? '', address, peers.folder()),
        ),
      'Peerhood from Peerhood, own protocol': () =>
        measure(expected, pids(author.process.pid, reader.process.pid), async () => {
          const transfer = await reader.client.transfers.add({
            link: share.link ?? '',
            mode: 'get',
            to: peers.folder(),
          })
          return { path: (await reader.client.transfers.finished(transfer.id)).path ?? '' }
        }),
    }
    for (const [name, work] of Object.entries(works)) {
      const run = await work()
      runs.set(name, [...(runs.get(name) ?? []), run])
      process.stderr.write(`  ${name}: ${run.seconds.toFixed(2)} s\n`)
    }
    process.stderr.write(`  (helia at ${heliaAddress})\n`)
    await helia.stop()
    await Promise.all([author, reader, other].map((peer) => peer.stop()))
  }
  console.log(`\n## ${values.mib} MiB by bitswap, with a real Helia, ${values.rounds} rounds, medians`)
  const rows = [...runs].map(([name, all]) => {
    const seconds = median(all.map((run) => run.seconds))
    const cpu = median(all.map((run) => run.cpuSeconds))
    return [name, seconds.toFixed(2), (bytes / 1e6 / seconds).toFixed(0), cpu.toFixed(1)]
  })
  console.log(table(['from, by', 'seconds', 'MB/s', 'CPU s of both'], rows))
} finally {
  await peers.stop()
  rmSync(scratch, { recursive: true, force: true })
}
