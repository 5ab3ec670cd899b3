// Builds the page into dist/web, from where the daemon serves it. Nothing is inlined (no data: URLs, no inline
// scripts or styles), so that the page works under `script-src 'self'; style-src 'self'`.

import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [react()],
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // The stylesheet says light-dark() once per colour; every browser since 2024 knows it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
})
