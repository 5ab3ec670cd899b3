// The world, the daemon and what the page remembers, for every component, without handing them down.

import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { systemClock } from '../../../src/sdk/clock.ts'
import type { Event, Peerhood } from '../../../src/sdk/types.ts'
import type { World } from './core.ts'
import { type Failure, toFailure } from './failure.ts'
import { followDaemon } from './follow.ts'
import type { Store } from './service.ts'

interface Daemon {
  readonly peerhood: Peerhood
  readonly store: Store
}

export { type Failure, toFailure } from './failure.ts'

const DaemonContext = createContext<Daemon | undefined>(undefined)

export function DaemonProvider({ daemon, children }: { daemon: Daemon; children: ReactNode }) {
  useEffect(() => {
    const controller = new AbortController()
    void followDaemon({ ...daemon, clock: systemClock }, controller.signal)
    return () => controller.abort()
  }, [daemon])
  return <DaemonContext value={daemon}>{children}</DaemonContext>
}

export function useDaemon(): Daemon {
  const daemon = useContext(DaemonContext)
  if (daemon === undefined) throw new Error('DaemonProvider is missing')
  return daemon
}

/** Shows what a call was answered at once, without waiting for its event. */
export function useLearn(): (event: Event) => void {
  const { store } = useDaemon()
  return useCallback((event) => store.apply({ type: 'answer', event, nowMs: performance.now() }), [store])
}

/** A part of the world; `select` must give back the same object while that part is the same. */
export function useWorld<Part>(select: (world: World) => Part): Part {
  const { store } = useDaemon()
  return useSyncExternalStore(store.subscribe, () => select(store.world()))
}

/** Calls `onEvent` with what happens, for as long as the view is there. */
export function useEvents(onEvent: (event: Event) => void): void {
  const { store } = useDaemon()
  const newest = useRef(onEvent)
  newest.current = onEvent
  useEffect(() => store.listen((event) => newest.current(event)), [store])
}

export interface Action {
  readonly busy: boolean
  readonly failure: Failure | undefined
  /** Runs `work` unless it runs already; a failure is kept for the view to show. True when it succeeded. */
  run(work: () => Promise<void>): Promise<boolean>
  clear(): void
}

/** One thing that a person started: whether it runs, and why it failed. */
export function useAction(): Action {
  const [state, setState] = useState<{ busy: boolean; failure: Failure | undefined }>(idle)
  const run = useCallback(async (work: () => Promise<void>) => {
    setState({ busy: true, failure: undefined })
    try {
      await work()
      setState(idle)
      return true
    } catch (error) {
      setState({ busy: false, failure: toFailure(error) })
      return false
    }
  }, [])
  const clear = useCallback(() => setState(idle), [])
  return { ...state, run, clear }
}

const idle = { busy: false, failure: undefined }

/** The time, kept fresh enough for `5 min ago`. */
export function useNow(everyMs = 15_000): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
