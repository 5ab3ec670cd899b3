// The person's choice of theme: kept in this browser, put on <html data-theme>, where tokens.css reads it.

import { readStored, writeStored } from '../store/storage.ts'

export type Theme = 'auto' | 'light' | 'dark'

const storageKey = 'peerhood.theme'

export function readTheme(): Theme {
  const stored = readStored(storageKey)
  return stored === 'light' || stored === 'dark' ? stored : 'auto'
}

export function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  writeStored(storageKey, theme === 'auto' ? null : theme)
}
