#!/usr/bin/env node
// npm's solc (WebAssembly) as the program that Foundry expects: `--version`, and `--standard-json` on standard input.
// SOLC is the package's folder.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const folder = process.env.SOLC ?? ''
const solc = createRequire(`${folder}/package.json`)(folder)
if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
}
