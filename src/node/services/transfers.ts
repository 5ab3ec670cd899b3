// Transfers and links, for the API.

import type { Event, File } from '../../api/schemas.ts'
import type { DaemonServices } from '../../api/services.ts'
import type { Cancel } from '../../base/ports.ts'
import { parseLink } from '../../content/format/link.ts'
import type { TransferId, TransferService, TransferView } from '../../transfer/types.ts'
import { nodeErrors } from '../errors.ts'
import { transferToApi } from '../views.ts'
import { entryToApi, type FileServices, findEntry, layoutOf, nameEntries } from './files.ts'
import { inspectLink } from './links.ts'

type TransferCalls = Pick<
  DaemonServices,
  | 'inspectLink'
  | 'transfers'
  | 'transfer'
  | 'addTransfer'
  | 'pauseTransfer'
  | 'resumeTransfer'
  | 'cancelTransfer'
  | 'removeTransfer'
  | 'transferFiles'
>

export interface TransferServices extends FileServices {
  readonly calls: TransferCalls
  activeCount(): number
  /** Tells of every change from now on; transfer/ itself keeps the rate bearable. */
  follow(): Cancel
}

export function createTransferServices(parts: {
  readonly transfers: TransferService
  readonly emit: (event: Event) => void
}): TransferServices {
  const { transfers, emit } = parts
  return {
    calls: createCalls(transfers),
    activeCount: () => transfers.list().filter(isActive).length,
    follow: () =>
      transfers.on((event) => {
        if (event.type === 'transfer') emit({ type: 'transfer', transfer: transferToApi(event.transfer) })
        if (event.type === 'removed') emit({ type: 'transfer-removed', id: event.id })
      }),
    async file(id, path) {
      const file = (await listed(transfers, id as TransferId, path)).get(path)
      if (file !== undefined) return file
      // Before its list is here nobody knows which files a share has.
      await layoutOf(transfers.holding(id as TransferId))
      throw nodeErrors.file_unknown(`There is no file ${path}.`, { details: { path } })
    },
    async *open(id, path, range, signal) {
      const layout = await layoutOf(transfers.holding(id as TransferId))
      const { entry } = findEntry(layout, nameOf(transfers, id as TransferId), path)
      yield* transfers.read(id as TransferId, entry, range, { signal })
    },
  }
}

function createCalls(transfers: TransferService): TransferCalls {
  const idOf = (id: string) => id as TransferId
  return {
    inspectLink,
    transfers: () => transfers.list().map(transferToApi),
    transfer: (id) => transferToApi(transfers.view(idOf(id))),
    async addTransfer({ link: linkText, mode = 'get', to, only }) {
      return transferToApi(await transfers.add({ link: parseLink(linkText), linkText, mode, to, only }))
    },
    pauseTransfer: async (id) => transferToApi(await transfers.pause(idOf(id))),
    resumeTransfer: async (id) => transferToApi(await transfers.resume(idOf(id))),
    cancelTransfer: async (id) => transferToApi(await transfers.cancel(idOf(id))),
    removeTransfer: (id) => transfers.remove(idOf(id)),
    transferFiles: async (id) => [...(await listed(transfers, idOf(id))).values()],
  }
}

function isActive({ state }: TransferView): boolean {
  return state === 'searching' || state === 'preparing' || state === 'transferring'
}

/** All files with their progress, or only the one at `path`; empty until the list has arrived. */
async function listed(transfers: TransferService, id: TransferId, path?: string): Promise<ReadonlyMap<string, File>> {
  // From here on it is in memory, for `files` too, which asks for it without waiting.
  const layout = await transfers.holding(id)?.readLayout?.()
  const files = transfers.files(id)
  if (files.length === 0) return new Map()
  const named = nameEntries(layout ?? (await layoutOf(transfers.holding(id))), nameOf(transfers, id))
  const chosen = path === undefined ? [...named.values()] : [named.get(path)]
  const views = chosen.flatMap((entry) => {
    const progress = entry === undefined ? undefined : files[entry.index]
    if (entry === undefined || progress === undefined) return []
    return [entryToApi(entry, { bytesDone: progress.bytesDone, wanted: progress.wanted })]
  })
  return new Map(views.map((view) => [view.path, view]))
}

/** What the share is called, where it is a single file. */
function nameOf(transfers: TransferService, id: TransferId): string {
  return transfers.view(id).name ?? id
}
