// How much of each share has left this computer since it was first shared here: one row a share, written rarely.

import { type Database, migrate, transaction } from '../base/database.ts'
import type { ShareId } from '../content/types.ts'
import { transferSchemaSteps } from './schema.ts'

export interface UploadTotals {
  /** Those written longest ago first. */
  load(): readonly { readonly shareId: ShareId; readonly bytes: number }[]
  save(totals: Iterable<{ readonly shareId: ShareId; readonly bytes: number }>, forgotten: Iterable<ShareId>): void
}

export function createUploadTotals(database: Database): UploadTotals {
  migrate(database, 'transfer', transferSchemaSteps)
  const select = database.prepare('SELECT share_id, bytes FROM upload_totals ORDER BY rowid')
  // A replaced row gets a new rowid, so their order is that of the writes.
  const insert = database.prepare('INSERT OR REPLACE INTO upload_totals (share_id, bytes) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM upload_totals WHERE share_id = ?')
  return {
    load: () => select.all().map((row) => ({ shareId: String(row.share_id) as ShareId, bytes: Number(row.bytes) })),
    save(totals, forgotten) {
      transaction(database, () => {
        for (const shareId of forgotten) remove.run(shareId)
        for (const { shareId, bytes } of totals) insert.run(shareId, bytes)
      })
    },
  }
}
