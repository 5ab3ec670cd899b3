// Takes chosen files into the daemon and shares them, showing progress in the world's intakes.

import { useCallback, useEffect } from 'react'
import { useShell } from '../shell/hooks.tsx'
import type { Intake } from '../store/core.ts'
import { toFailure, useDaemon, useLearn, useWorld } from '../store/hooks.tsx'
import { announce } from '../ui/announce.ts'
import { type Bundle, bundle, type Chosen } from './core.ts'

/** Those under way, by intake. */
const controllers = new Map<string, AbortController>()
let intakesMade = 0

const unreadable = {
  sentence: 'The browser could not read what it was given.',
  hint: 'Look whether you may read all of it, or share it by its path.',
}

/** Uploads what was chosen, shares it, and shows the link. */
export function useTakeIn(): (reading: Promise<Chosen<File>[]>, visibility: 'public' | 'private') => Promise<void> {
  const { peerhood, store } = useDaemon()
  const learn = useLearn()
  const { show, close, warn } = useShell()
  return useCallback(
    async (reading, visibility) => {
      const chosen = await reading.catch(() => undefined)
      if (chosen === undefined) return warn(unreadable)
      const made = bundle(chosen)
      if (made === undefined) return
      const controller = new AbortController()
      let intake = beginIntake(made, controller)
      const update = (change: Partial<Intake>) => {
        intake = { ...intake, ...change }
        store.apply({ type: 'intake', intake })
      }
      update({})
      show({ kind: 'link', intake: intake.id })
      announce(`Adding ${intake.name}`)
      try {
        const share = await peerhood.uploads.share(made.files, {
          public: visibility === 'public',
          signal: controller.signal,
          onProgress: ({ bytesSent, filesDone }) => update({ bytesDone: bytesSent, filesDone }),
        })
        learn({ type: 'share', share })
        close((dialog) => dialog.kind === 'link' && dialog.intake === intake.id, { kind: 'link', share: share.id })
        store.apply({ type: 'intake-removed', id: intake.id })
        announce(`${intake.name} is shared`)
      } catch (error) {
        const { sentence, hint } = toFailure(error)
        if (!controller.signal.aborted) update({ problem: `${sentence} ${hint}` })
      } finally {
        controllers.delete(intake.id)
      }
    },
    [peerhood, store, learn, show, close, warn],
  )
}

/** Stops an intake, or takes a failed one off the list. */
export function useDropIntake(): (id: string) => void {
  const { store } = useDaemon()
  return useCallback(
    (id) => {
      controllers.get(id)?.abort()
      store.apply({ type: 'intake-removed', id })
    },
    [store],
  )
}

/** Files come out of this page: leaving it would end them, so the browser asks first. */
export function useLeaveGuard(): void {
  const busy = useWorld((world) => [...world.intakes.values()].some(({ problem }) => problem === undefined))
  useEffect(() => {
    if (!busy) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [busy])
}

function beginIntake({ name, files }: Bundle<File>, controller: AbortController): Intake {
  intakesMade += 1
  const id = `intake-${intakesMade}`
  controllers.set(id, controller)
  const bytes = files.reduce((sum, { body }) => sum + body.size, 0)
  return { id, name, files: files.length, filesDone: 0, bytes, bytesDone: 0, problem: undefined }
}
