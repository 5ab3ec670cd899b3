// What can go wrong when a contract's source is checked, or an ABI is given. Sources are anybody's: no message repeats more than
// a line of them.

import { defineErrors } from '../../base/errors.ts'

export const sourceErrors = defineErrors({
  source_unusable: {
    kind: 'usage',
    hint: 'Give the compiler’s standard JSON input, as `forge verify-contract --show-standard-json-input` prints it, or a build-info file of Hardhat or Foundry.',
  },
  source_incomplete: {
    kind: 'usage',
    hint: 'Give the standard JSON input with the text of every file in it: this computer fetches none.',
  },
  source_no_code: { kind: 'not-found', hint: 'Compare the address and the chain: nothing is deployed there.' },
  source_compiler_other: {
    kind: 'conflict',
    hint: 'Get that version’s `soljson.js` (the npm package `solc` of that version has it) and give its path as the compiler.',
  },
  source_compiler_unusable: {
    kind: 'usage',
    hint: 'Give the path of a `soljson.js` of solc 0.5 or later on the computer that the daemon runs on.',
  },
  source_not_compiled: { kind: 'usage', hint: 'Give the sources and settings that the contract was compiled with.' },
  source_compiler_stopped: {
    kind: 'refused',
    hint: 'Check it with the compiler of your project on a computer that you would give more to; nothing here has changed.',
  },
  source_busy: { kind: 'conflict', hint: 'Wait until the sources that are being compiled are done, and try again.' },
  source_contract_unknown: {
    kind: 'usage',
    hint: 'Name one of the contracts of this source, as `Name` or `file.sol:Name`.',
  },
  source_differs: {
    kind: 'refused',
    hint: 'Compare compiler version, optimizer, EVM version and libraries with those that it was deployed with.',
  },
  source_unknown: { kind: 'not-found', hint: 'Give its source with `peerhood ledger verify`.' },
  sources_full: {
    kind: 'conflict',
    hint: 'Forget a source that is needed no longer with `peerhood ledger verify ADDRESS --forget`.',
  },
  abi_unusable: { kind: 'usage', hint: 'Give the ABI as the JSON list that the compiler writes.' },
  abis_full: { kind: 'conflict', hint: 'Take an ABI away that is needed no longer.' },
})
