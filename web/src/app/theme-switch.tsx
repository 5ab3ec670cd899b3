// Light, dark, or as the computer says.

import { useState } from 'react'
import { applyTheme, readTheme, type Theme } from '../theme/service.ts'
import { Button } from '../ui/button.tsx'
import type { IconName } from '../ui/icon.tsx'

const next: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' }
const looks: Readonly<Record<Theme, { icon: IconName; label: string }>> = {
  auto: { icon: 'auto', label: 'Theme: as the computer' },
  light: { icon: 'sun', label: 'Theme: light' },
  dark: { icon: 'moon', label: 'Theme: dark' },
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme)
  const change = () => {
    applyTheme(next[theme])
    setTheme(next[theme])
  }
  return (
    <Button look="quiet" icon={looks[theme].icon} iconOnly onClick={change}>
      {looks[theme].label}
    </Button>
  )
}
