// What every contender does: bring the files of `source` from one process into `copies` other processes' folders.

import type { Usage } from '../processes.ts'

export interface Work {
  readonly source: string
  readonly files: number
  readonly bytes: number
  /** A fresh folder for homes, state and results; removed afterwards. */
  readonly scratch: string
  readonly copies: number
}

export interface Run {
  /** From asking for the files until the slowest copy is checked and complete; preparation on the source not counted. */
  readonly seconds: number
  readonly source: Usage
  /** The copy that used the most memory; CPU seconds are the sum over all copies. */
  readonly copy: Usage
  /** Folders that must now equal the source. */
  readonly results: readonly string[]
}

export interface Contender {
  readonly name: string
  /** Why it can't run here, or undefined. */
  missing(): string | undefined
  run(work: Work): Promise<Run>
}

export function worst(usages: readonly Usage[]): Usage {
  return {
    cpuSeconds: usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0),
    memoryMaxBytes: Math.max(...usages.map((usage) => usage.memoryMaxBytes)),
  }
}
