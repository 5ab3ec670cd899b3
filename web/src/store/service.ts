// Holds the world (core.ts) and tells the views that it changed: at most once a frame, however fast news comes.

import { emptyWorld, type Input, stepWorld, type World } from './core.ts'

export interface Store {
  world(): World
  /** Called after the world changed. */
  subscribe(onChange: () => void): () => void
  apply(input: Input): void
}

/** `schedule` runs its callback with the next frame. */
export function createStore(schedule: (run: () => void) => void): Store {
  const listeners = new Set<() => void>()
  let world = emptyWorld
  let scheduled = false

  function tell(): void {
    scheduled = false
    for (const listener of listeners) listener()
  }

  return {
    world: () => world,
    subscribe(onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    apply(input) {
      const next = stepWorld(world, input)
      if (next === world) return
      world = next
      if (scheduled) return
      scheduled = true
      schedule(tell)
    },
  }
}

/** Frames pause in hidden tabs, where titles and the offline banner still want news. */
const hiddenFrameMs = 250

export function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, hiddenFrameMs)
  else requestAnimationFrame(run)
}
