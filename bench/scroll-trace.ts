// How long tasks of a page took, by the clock and by the processor, from a trace of the browser. On a busy machine a task that
// is put aside looks long by the clock; what the page itself asks for is its time on the processor.

import type { Browser, Page } from 'playwright-core'

/** In ms. */
export interface Task {
  readonly clock: number
  readonly processor: number
}

/** A tab's trace events (Chromium's trace format): microseconds. */
interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** From here until what it gives is called, which gives the tasks of the page's main thread. */
export async function traceTasks(browser: Browser, page: Page): Promise<() => Promise<Task[]>> {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline', '__metadata'] })
  return async () => {
    const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] }
    const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args?.name === 'CrRendererMain'
    const threads = new Set(traceEvents.filter(isMain).map(threadOf))
    return traceEvents
      .filter((event) => event.name === 'RunTask' && threads.has(threadOf(event)))
      .map(({ dur = 0, tdur = 0 }) => ({ clock: dur / 1000, processor: tdur / 1000 }))
  }
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid} ${tid}`
}
