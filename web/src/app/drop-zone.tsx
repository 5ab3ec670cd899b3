// Dropping a file anywhere shares it; pasting a link anywhere opens it.

import { useEffect, useState } from 'react'
import { findLink } from '../intake/core.ts'
import { useLeaveGuard, useTakeIn } from '../intake/hooks.ts'
import { readDrop } from '../intake/service.ts'
import { useShell } from '../shell/hooks.tsx'
import { Icon } from '../ui/icon.tsx'

/** Where a drop landed decides: a place may ask for public sharing with `data-visibility`. */
function visibilityAt(target: EventTarget | null): 'public' | 'private' {
  const place = target instanceof Element ? target.closest('[data-visibility]') : null
  return place instanceof HTMLElement && place.dataset.visibility === 'public' ? 'public' : 'private'
}

export function PageDrop() {
  const takeIn = useTakeIn()
  useLeaveGuard()
  const [over, setOver] = useState(false)
  useEffect(() => {
    let depth = 0
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return
      depth += 1
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    const hover = (event: DragEvent) => {
      if (!hasFiles(event) || event.dataTransfer === null) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
    }
    const drop = (event: DragEvent) => {
      if (!hasFiles(event) || event.dataTransfer === null) return
      depth = 0
      setOver(false)
      // A place took it that does something else with files (chat/composer.tsx).
      if (event.defaultPrevented) return
      event.preventDefault()
      void takeIn(readDrop(event.dataTransfer), visibilityAt(event.target))
    }
    const controller = new AbortController()
    const { signal } = controller
    addEventListener('dragenter', enter, { signal })
    addEventListener('dragleave', leave, { signal })
    addEventListener('dragover', hover, { signal })
    addEventListener('drop', drop, { signal })
    return () => controller.abort()
  }, [takeIn])
  if (!over) return null
  return (
    <div className="page-drop" aria-hidden="true">
      <div>
        <Icon name="share" size={36} />
        <strong>{document.querySelector('[data-drop]') === null ? 'Drop to share' : 'Drop to send it here'}</strong>
      </div>
    </div>
  )
}

export function PagePaste() {
  const { show } = useShell()
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (event.target instanceof Element && event.target.closest('input, textarea, [contenteditable]')) return
      const link = findLink(event.clipboardData?.getData('text/plain') ?? '')
      if (link === undefined) return
      event.preventDefault()
      show({ kind: 'get', link })
    }
    addEventListener('paste', paste)
    return () => removeEventListener('paste', paste)
  }, [show])
  return null
}
