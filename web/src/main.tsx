// Starts the page: one client, one store, one tree.

// Styles of parts come before those of views, which may refine them.
import './theme/tokens.css'
import './theme/base.css'
import './ui/ui.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createPeerhood } from '../../src/sdk/client.ts'
import { App } from './app/app.tsx'
import { ShellProvider } from './shell/hooks.tsx'
import { DaemonProvider } from './store/hooks.tsx'
import { createStore, nextFrame } from './store/service.ts'
import { applyTheme, readTheme } from './theme/service.ts'

applyTheme(readTheme())

const root = document.getElementById('root')
if (root !== null) {
  const daemon = { peerhood: createPeerhood({ url: location.origin }), store: createStore(nextFrame) }
  createRoot(root).render(
    <StrictMode>
      <DaemonProvider daemon={daemon}>
        <ShellProvider>
          <App />
        </ShellProvider>
      </DaemonProvider>
    </StrictMode>,
  )
}
