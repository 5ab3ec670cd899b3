// The one place that constructs services and wires them together.
//
//   foundation (lock, log, database, identity) ─► network ─► library ─► transfers ─► API
//
// The API listens last, when all that it shows is there. Stopping goes the other way round, within `stopMsMax`.

import { fileURLToPath } from 'node:url'
import { type Api, createApi } from '../api/server.ts'
import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { packageRoot, packageVersion } from '../program/program.ts'
import { watchClock } from './clock-watch.ts'
import type { StartOptions } from './config.ts'
import { writeDaemonFile } from './daemon-file.ts'
import { createFeatures, startFeatures } from './features.ts'
import { type Foundation, layFoundation, type StartParts } from './foundation.ts'
import { apiPortDefault } from './limits.ts'
import { buildNetwork } from './network.ts'
import type { Notice } from './notices.ts'
import { createServices } from './services.ts'
import { watchStrayErrors } from './stray-errors.ts'

export interface Daemon {
  /** Base URL of the API. */
  readonly api: string
  readonly token: string
  /** What the page and the CLI confirm with. */
  readonly confirmKey: string
  readonly peerId: string
  /** The data folder. */
  readonly home: string
  /** What the start found and mended. */
  readonly notices: readonly Notice[]
  /** URL of the IPFS gateway, where there is one. */
  readonly gateway: string | undefined
  /** Multiaddrs under which others reach this peer. */
  addresses(): readonly string[]
  /** Begins an orderly stop; `stopped` tells when it is over. */
  stop(reason: StopReason): void
  readonly stopped: Promise<StopReason>
}

/** `fatal`: an error that nobody caught. */
export type StopReason = 'signal' | 'api' | 'fatal'

/** Resolves when the daemon is ready. Throws what its parts throw, after taking down what stood. */
export async function startDaemon(options: StartOptions, parts: StartParts): Promise<Daemon> {
  const foundation = await layFoundation(options, parts)
  try {
    return await raise(options, foundation, parts.signal)
  } catch (error) {
    foundation.log.error('start_failed', { code: toPeerhoodError(error).code })
    await foundation.lifecycle.stop()
    throw error
  }
}

async function raise(options: StartOptions, foundation: Foundation, signal: AbortSignal): Promise<Daemon> {
  const { clock, log, home, notices, lifecycle, token, confirmKey } = foundation
  const stopped = Promise.withResolvers<StopReason>()
  const stop = (reason: StopReason) => {
    log.info('stopping', { reason })
    lifecycle.stop().then(() => stopped.resolve(reason), stopped.reject)
  }

  const strayErrors = watchStrayErrors({ clock, log, onFatal: () => stop('fatal') })
  lifecycle.onStop('stray-errors', strayErrors.stop)
  const clockWatch = watchClock({ clock, onJump: (jumpMs) => notices.add(clockNotice(jumpMs)) })
  lifecycle.onStop('clock', clockWatch.stop)

  const version = packageVersion()
  const pageRoot = fileURLToPath(new URL('dist/web', packageRoot))
  const built = await buildNetwork(options, foundation, version)
  const features = createFeatures(foundation, built.network, { gatewayPort: options.gateway }, version)
  let url = ''
  const services = createServices({
    foundation,
    features,
    version,
    api: () => url,
    startedAtMs: clock.nowMs(),
    lastClockJumpMs: clockWatch.lastJumpMs,
    strayErrors: strayErrors.list,
    stop: () => stop('api'),
  })
  await startFeatures(features, built, foundation)
  signal.throwIfAborted()

  const api = createApi({ version, token, confirmKey, pageRoot })({ ...foundation, services })
  lifecycle.onStop('api', () => api.close())
  url = (await listen(api, options.port)).url
  writeDaemonFile(home, { url, pid: process.pid })
  log.info('started', { url, peerId: built.network.self, addresses: built.network.addresses() })
  return {
    api: url,
    token,
    confirmKey,
    peerId: built.network.self,
    home: home.folder,
    notices: notices.list(),
    gateway: features.ipfs.view().gateway,
    addresses: () => built.network.addresses(),
    stop,
    stopped: stopped.promise,
  }
}

/** The usual port, so that the page's address stays the same; when none was asked for and it is taken, any. */
async function listen(api: Api, port: number | undefined): Promise<{ url: string }> {
  try {
    return await api.listen({ port: port ?? apiPortDefault })
  } catch (error) {
    if (port !== undefined || !isPeerhoodError(error) || error.code !== 'port_taken') throw error
    return api.listen({ port: 0 })
  }
}

function clockNotice(jumpMs: number): Notice {
  const direction = jumpMs > 0 ? 'forward' : 'back'
  return {
    code: 'clock_jumped',
    sentence: `The clock jumped ${direction} by ${Math.abs(Math.round(jumpMs / 1000))} s.`,
    advice: 'Nothing is lost. If the time is wrong, let the system keep it by itself.',
  }
}
