// `npm run faults -- --cuts [--seed S]`: a validator's chain, SQLite's journal, vote log and signer guard, each cut at every page (the log at
// every 131st byte), in a cluster of four in one process that goes on (test/support/ledger-cuts.ts).

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { table } from '../bench/table.ts'
import { CutCluster, type CutFile } from '../test/support/ledger-cuts.ts'

const files: readonly CutFile[] = ['chain', 'journal', 'votes', 'guard']
/** Then a new cluster: chains grow with each cut, and are executed again where one was lost. */
const cutsPerCluster = 20

async function inCluster<Result>(seed: string, work: (cluster: CutCluster) => Promise<Result>): Promise<Result> {
  const cluster = new CutCluster(mkdtempSync(join(tmpdir(), 'ledger-cuts-')), seed)
  try {
    await cluster.begin()
    return await work(cluster)
  } finally {
    cluster.close()
  }
}

/** What was found wrong. */
async function cutAt(cluster: CutCluster, file: CutFile, places: readonly number[], counts: Map<string, number>) {
  for (const place of places) {
    const outcome = `${file}: ${await cluster.cut(file, place)}`
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    if (cluster.contradictions.length > 0) break
  }
  const evidence = cluster.evidence()
  return [...cluster.contradictions, ...(evidence === 0 ? [] : [`${evidence} pieces of evidence`])]
}

/** Whether nothing was found wrong. */
export async function cutEverywhere(seed: string): Promise<boolean> {
  const counts = new Map<string, number>()
  for (const file of files) {
    const places = await inCluster(seed, async (cluster) => cluster.places(file))
    for (let at = 0; at < places.length; at += cutsPerCluster) {
      const some = places.slice(at, at + cutsPerCluster)
      const wrong = await inCluster(`${seed}/${at}`, (cluster) => cutAt(cluster, file, some, counts))
      for (const sentence of wrong) console.log(`WRONG, ${file} cut at ${some[0]} and on: ${sentence}`)
      if (wrong.length > 0) return false
    }
    console.log(`${file} was cut at all its ${places.length} places`)
  }
  const rows = [...counts].map(([outcome, count]) => [outcome, `${count}`])
  console.log(table(['cut, and what a start gave', 'times'], rows))
  return true
}
