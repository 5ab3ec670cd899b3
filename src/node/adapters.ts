// The real world behind the ports of base/ports.ts: the system's clock, its randomness, the log (pino) and the metrics
// (prom-client). Nothing else in src/ touches any of them.

import { randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import pino from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Clock, Log, LogLevel, Metrics, Random } from '../base/ports.ts'
import { garbageCollector } from '../content/worker/collect.ts'
import type { Memory } from './rest.ts'

/** `setTimeout` takes no longer delays than this (2^31 - 1 ms, about 24.8 days): longer ones would fire at once. */
const timerMsMax = 0x7fff_ffff

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), timerMsMax))
    return () => clearTimeout(timer)
  },
}

/** `2026-03-01T12:00:00.000Z`; a time that no calendar has is shown as its number. */
export function isoTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
}

/** V8's memory; see rest.ts. */
export const systemMemory: Memory = {
  heldBytes() {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  },
  collect: () => garbageCollector()({ type: 'major' }),
  collectAll: () => garbageCollector()({ type: 'major', flavor: 'last-resort' }),
}

/** Where finished log lines go: one JSON object each, ending in a line feed. */
export interface LogSink {
  readonly level: LogLevel
  write(line: string): void
}

/** A structured log that writes to every sink whose level it meets. */
export function createLog(sinks: readonly LogSink[]): Log {
  const streams = sinks.map((sink) => ({ level: sink.level, stream: { write: (line: string) => sink.write(line) } }))
  const logger = pino(
    {
      level: 'debug',
      base: null,
      messageKey: 'code',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.multistream(streams),
  )
  return wrap(logger)
}

function wrap(logger: pino.Logger): Log {
  const write = (level: LogLevel) => (code: string, fields?: Readonly<Record<string, unknown>>) =>
    fields === undefined ? logger[level](code) : logger[level](fields, code)
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (folder) => wrap(logger.child({ folder })),
  }
}

/** Between two looks at how late timers come. */
const delayLookMs = 1_000

/**
 * `peerhood_event_loop_delay_seconds{quantile}`: how late timers came since it was last read. What prom-client says itself
 * (`…_eventloop_lag_…`) has the time between two looks in it.
 */
function measureDelay(registry: Registry): void {
  const histogram = monitorEventLoopDelay({ resolution: delayLookMs })
  histogram.enable()
  new Gauge({
    name: 'peerhood_event_loop_delay_seconds',
    help: 'by how much timers came late, by quantile',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const quantile of [0.5, 0.99, 1]) {
        const seconds = (histogram.percentile(100 * quantile) / 1e6 - delayLookMs) / 1_000
        this.set({ quantile }, Math.max(0, seconds))
      }
      histogram.reset()
    },
  })
}

/** Metrics under `peerhood_…`, beside those of the process itself (memory, CPU, event loop delay). */
export function createMetrics(): Metrics & { text(): Promise<string> } {
  const registry = new Registry()
  // The event loop's delay is sampled once a second: the default, every 10 ms, alone costs an idle daemon 0.8 % of a core.
  collectDefaultMetrics({ register: registry, prefix: 'peerhood_', eventLoopMonitoringPrecision: delayLookMs })
  measureDelay(registry)
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  return {
    count(name, by = 1, labels = {}) {
      const counter = take(counters, name, () => {
        const options = { name: `peerhood_${name}_total`, help: sentence(name), labelNames: Object.keys(labels) }
        return new Counter({ ...options, registers: [registry] })
      })
      counter.inc(labels, by)
    },
    gauge(name, value, labels = {}) {
      const gauge = take(gauges, name, () => {
        const options = { name: `peerhood_${name}`, help: sentence(name), labelNames: Object.keys(labels) }
        return new Gauge({ ...options, registers: [registry] })
      })
      gauge.set(labels, value)
    },
    text: () => registry.metrics(),
  }
}

function take<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const present = map.get(key)
  if (present !== undefined) return present
  const made = make()
  map.set(key, made)
  return made
}

/** Names are written to be read: `blocks_refused` explains itself. */
function sentence(name: string): string {
  return name.replaceAll('_', ' ')
}
