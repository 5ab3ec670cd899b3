// Rows of SQLite to values, and places to the three columns that hold them.

import type { SqlValue } from '../../base/database.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { Place } from './wire.ts'

export type Row = Readonly<Record<string, SqlValue>>

export function textOf(row: Row, name: string): string {
  return String(row[name])
}

export function numberOf(row: Row, name: string): number {
  return Number(row[name])
}

export function placeOfRow(row: Row): Place {
  return { ms: numberOf(row, 'ms'), count: numberOf(row, 'count'), id: textOf(row, 'id') }
}

export function columnsOf({ ms, count, id }: Place): [number, number, string] {
  return [ms, count, id]
}

export function personsOf(json: string): readonly PersonDid[] {
  return json === '' ? [] : (JSON.parse(json) as PersonDid[])
}

/** The empty list is the empty text: most messages mention nobody. */
export function listToText(list: readonly unknown[]): string {
  return list.length === 0 ? '' : JSON.stringify(list)
}
