// Builds what changed since the last time: the program, then the page. Run by `npm start`, `npm run demo` and before the tests.

await import('./build-program.mjs')
await import('./build-page.mjs')
