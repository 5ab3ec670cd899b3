// A field for a code that was told, and a call with it that can be stopped.

import { useRef } from 'react'
import { useAction } from '../../store/hooks.tsx'
import { TextField } from '../../ui/field.tsx'

export function CodeField({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  return (
    <TextField
      label="The code"
      placeholder="7-ocean-lamp"
      mono
      charsMax={64}
      value={value}
      onChange={onChange}
      hint="A number and two words. Capitals, spaces or hyphens do not matter."
    />
  )
}

/** Both computers have to find each other first. */
export function Looking() {
  return (
    <p className="soft small" role="status">
      Looking for the computer that shows the code. That takes seconds when both are on the same network or connected
      already, and up to three minutes.
    </p>
  )
}

export function useStoppable() {
  const action = useAction()
  const controller = useRef<AbortController>(undefined)
  const run = (work: (signal: AbortSignal) => Promise<void>) => {
    controller.current = new AbortController()
    const { signal } = controller.current
    void action.run(async () => {
      try {
        await work(signal)
      } catch (error) {
        if (!signal.aborted) throw error
      }
    })
  }
  return { action, run, stop: () => controller.current?.abort() }
}
