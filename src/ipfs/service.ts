// Peerhood at home in IPFS: what is public is served by bitswap and the gateway, what others have comes in as files and
// public shares.
//
//   PublicBlocks (library) ─┬─► bitswap server ─► IPFS peers          get ─┐
//                           └─► source ◄─ bitswap client ◄─ IPFS peers    ├─► saveDag ─► files ─► public share
//                                 └─► gateway, export                     import (CAR) ─┘
//
// What only a person asks for is loaded when it is: most daemons never do it, and would carry it in memory for ever.

import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { CID } from 'multiformats/cid'
import { isPeerhoodError } from '../base/errors.ts'
import type { Clock, Log, Metrics, Random } from '../base/ports.ts'
import { cidOf } from '../content/format/cid.ts'
import { writeError } from '../content/library/errors.ts'
import type { LibraryService } from '../content/library/library.ts'
import { shareName } from '../content/library/share-name.ts'
import type { ShareService } from '../content/library/shares.ts'
import type { ReadableHolding, ShareId } from '../content/types.ts'
import { parsePeerAddress } from '../network/addresses.ts'
import type { Network } from '../network/types.ts'
import { createBitswap } from './bitswap.ts'
import { createPublicBlocks, type GetBlock } from './blocks.ts'
import { parseCid } from './cid.ts'
import { dagBlocks, resolvePath, wholeDag } from './dag.ts'
import { diagnoseIpfs } from './doctor-core.ts'
import { ipfsErrors } from './errors.ts'
import type { Gateway } from './gateway/server.ts'
import { createJobs, type JobPatch } from './jobs.ts'
import { createPublicRouting } from './routing.ts'
import type { Saved, SaveRequest } from './save.ts'
import { createOpenSource } from './source.ts'
import type { IpfsService, IpfsView } from './types.ts'

export interface IpfsOptions {
  /** Port of the gateway on 127.0.0.1, 0 for any free one; undefined: no gateway. */
  readonly gatewayPort: number | undefined
}

export interface IpfsParts {
  readonly network: Network
  readonly library: LibraryService
  readonly shares: ShareService
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

export function createIpfs(options: IpfsOptions): (parts: IpfsParts) => IpfsService {
  return (given) => createService(options, { ...given, log: given.log.child('ipfs') })
}

function createService(options: IpfsOptions, parts: IpfsParts): IpfsService {
  const { network, library, shares, clock, log, metrics } = parts
  const blocks = createPublicBlocks({ library, buffers: library.worker.buffers })
  const bitswap = createBitswap({ network, blocks, clock, log, metrics })
  const roots = () => publicRoots(library).map(({ cid }) => cid)
  const { publicDht: dht } = network
  const routing = dht === undefined ? undefined : createPublicRouting({ dht, library, roots, clock, log })
  const openSource = createOpenSource({ network, blocks, client: bitswap.client, routing, log })
  const jobs = createJobs(parts)
  let gateway: Gateway | undefined
  /** What is being written where: two of the same would write into each other's files. */
  const writing = new Set<string>()

  async function saveAlone(request: SaveRequest): Promise<Saved> {
    const place = `${resolve(request.to)} ${request.cid}`
    if (writing.has(place)) throw ipfsErrors.ipfs_get_twice('The same is being written into this folder already.')
    writing.add(place)
    try {
      const { saveDag } = await import('./save.ts')
      return await saveDag(request)
    } finally {
      writing.delete(place)
    }
  }

  /** Writes what `get` gives, and shares it when asked to. */
  async function bringIn(
    request: { readonly to: string; readonly name: string; readonly share: boolean },
    root: { readonly cid: CID; readonly get: GetBlock },
    update: (patch: JobPatch) => void,
    signal: AbortSignal,
  ): Promise<JobPatch> {
    const { path, ...figures } = await saveAlone({ ...request, ...root, signal, onProgress: update })
    update({ ...figures, path })
    if (!request.share) return { ...figures, path }
    const { id } = await shares.add(path, { visibility: 'public' })
    const { cid, problem } = await shares.settled(id)
    if (problem !== undefined) throw problem
    return { ...figures, path, shareId: id, shareCid: cid }
  }

  return {
    async start() {
      await bitswap.start()
      routing?.start()
      if (options.gatewayPort === undefined) return
      const { createGateway } = await import('./gateway/server.ts')
      gateway = createGateway({ blocks, openSource, roots: () => publicRoots(library), clock, log, metrics })
      await gateway.listen(options.gatewayPort)
    },
    async stop() {
      await gateway?.close()
      await jobs.stop()
      routing?.stop()
      bitswap.stop()
    },
    view(): IpfsView {
      const peers = bitswap.ledgers()
      const sum = (pick: (peer: (typeof peers)[number]) => number) =>
        peers.reduce((total, peer) => total + pick(peer), 0)
      return {
        gateway: gateway?.url,
        publicDht: routing && { peers: routing.peers, provided: routing.provided, roots: roots().length },
        blocksSent: sum(({ blocksSent }) => blocksSent),
        bytesSent: sum(({ bytesSent }) => bytesSent),
        bytesReceived: sum(({ bytesReceived }) => bytesReceived),
        peers: peers.map(({ peerId, wants, bytesSent, bytesReceived }) => ({
          peerId,
          wants,
          bytesSent,
          bytesReceived,
        })),
      }
    },
    get({ cid: text, from, to, name, share }) {
      const cid = parseCid(text)
      // A wrong address is told at once, not by a get that fails.
      if (from !== undefined) parsePeerAddress(from)
      return jobs.run('get', { cid: cid.toString() }, async (update, signal) => {
        const source = await openSource(cid, { from, signal })
        try {
          return await bringIn({ to, name: name ?? cid.toString(), share }, { cid, get: source.get }, update, signal)
        } finally {
          source.close()
        }
      })
    },
    import({ file, to, name, share }) {
      return jobs.run('import', {}, async (update, signal) => {
        const { openCarFile } = await import('./car.ts')
        const car = await openCarFile(file, signal)
        try {
          update({ cid: car.root.toString() })
          const request = { to, name: name ?? shareName(file).replace(/\.car$/i, ''), share }
          return await bringIn(request, { cid: car.root, get: car.get }, update, signal)
        } finally {
          await car.close()
        }
      })
    },
    export({ what, to, from }) {
      const cid = rootOf(what, library, shares)
      if (existsSync(to)) throw ipfsErrors.ipfs_target_taken(`There is something at ${to} already.`)
      return jobs.run('export', { cid: cid.toString() }, async (update, signal) => {
        const source = await openSource(cid, { from, signal })
        try {
          return await writeCar(cid, source.get, to, update, signal)
        } finally {
          source.close()
        }
      })
    },
    jobs: () => jobs.list(),
    job: (id) => jobs.get(id),
    cancel: (id) => jobs.cancel(id),
    on: (listener) => jobs.on(listener),
    diagnose() {
      return diagnoseIpfs(this.view(), blocks.shares)
    },
  }
}

/** The public shares of which something is here, with their roots. */
function publicRoots(library: Pick<LibraryService, 'holdings'>) {
  return library.holdings().flatMap((holding) => {
    const { inventory, record, shareId } = holding
    if (record.visibility !== 'public' || inventory === undefined || !holding.have.has(0)) return []
    const { meta } = holding as Partial<ReadableHolding>
    return [{ shareId, name: meta?.name ?? '', cid: cidOf(meta?.rootCodec ?? 0x70, inventory.digest(0)) }]
  })
}

/** A CID, or the root of a public share. Throws `ipfs_share_unknown`, `ipfs_share_private`, and what `parseCid` throws. */
function rootOf(what: string, library: LibraryService, shares: ShareService): CID {
  const id = what as ShareId
  const facts = shares.has(id) ? shares.get(id) : library.factsOf(id)
  if (facts === undefined) return parseCid(what)
  if (facts.visibility === 'private') throw ipfsErrors.ipfs_share_private('This share is private.')
  if (facts.cid === undefined) throw ipfsErrors.ipfs_share_unknown('This share has no version yet.')
  return parseCid(facts.cid)
}

async function writeCar(
  root: CID,
  get: GetBlock,
  to: string,
  update: (patch: JobPatch) => void,
  signal: AbortSignal,
): Promise<JobPatch> {
  const { carBytes } = await import('./car.ts')
  const part = `${to}.part`
  let bytes = 0
  try {
    await mkdir(dirname(to), { recursive: true })
    const handle = await open(part, 'w', 0o644)
    try {
      const resolved = await resolvePath(get, root, [], { signal })
      for await (const chunk of carBytes(root, dagBlocks(get, resolved, wholeDag, { signal }))) {
        signal.throwIfAborted()
        await handle.writeFile(chunk)
        bytes += chunk.length
        update({ bytes, bytesDone: bytes })
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (existsSync(to)) throw ipfsErrors.ipfs_target_taken(`There is something at ${to} now.`)
    await rename(part, to)
    return { bytes, bytesDone: bytes, path: to }
  } catch (error) {
    await rm(part, { force: true })
    if (isPeerhoodError(error) || signal.aborted) throw error
    throw writeError(error, to)
  }
}
