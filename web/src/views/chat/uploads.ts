// Files on their way into a message: each becomes a private share of this computer, whose link goes with the message.

import { useCallback, useRef, useState } from 'react'
import type { Attachment, Peerhood } from '../../../../src/sdk/types.ts'
import { bundle, type Chosen } from '../../intake/core.ts'
import { type Failure, toFailure } from '../../store/failure.ts'
import { useDaemon, useLearn } from '../../store/hooks.tsx'
import { folderType } from './attachment.tsx'

export interface Upload {
  readonly id: number
  readonly name: string
  readonly bytes: number
  readonly bytesSent: number
  readonly attachment: Attachment | undefined
  readonly failure: Failure | undefined
}

export interface Uploads {
  readonly uploads: readonly Upload[]
  add(reading: Promise<readonly Chosen<File>[]>): Promise<void>
  /** Takes a file out; its share ends. */
  drop(id: number): void
  /** Those that are ready go with a message: they are no longer ours to end. */
  take(): readonly Attachment[]
}

/** Files of one message, as chat allows. */
const attachmentsMax = 10

let uploadsMade = 0

export function useUploads(): Uploads {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const [uploads, setUploads] = useState<readonly Upload[]>([])
  const ways = useRef(new Map<number, { controller: AbortController; share?: string }>())

  const update = useCallback((id: number, change: Partial<Upload>) => {
    setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one)))
  }, [])

  const begin = useCallback(
    async (files: readonly Chosen<File>[]) => {
      const made = bundle(files)
      if (made === undefined) return
      uploadsMade += 1
      const id = uploadsMade
      const controller = new AbortController()
      ways.current.set(id, { controller })
      const bytes = made.files.reduce((sum, { body }) => sum + body.size, 0)
      const upload = { id, name: made.name, bytes, bytesSent: 0, attachment: undefined, failure: undefined }
      setUploads((all) => [...all, upload])
      try {
        const share = await peerhood.uploads.share(made.files, {
          signal: controller.signal,
          onProgress: ({ bytesSent }) => update(id, { bytesSent }),
        })
        learn({ type: 'share', share })
        ways.current.set(id, { controller, share: share.id })
        const attachment = await readyAttachment(peerhood, share.id, typeOf(made.files), controller.signal)
        update(id, { attachment, name: attachment.name })
      } catch (error) {
        if (!controller.signal.aborted) update(id, { failure: toFailure(error) })
      }
    },
    [peerhood, learn, update],
  )

  const add = useCallback(
    async (reading: Promise<readonly Chosen<File>[]>) => {
      const chosen = await reading.catch(() => [])
      const roots = Map.groupBy(chosen, ({ path }) => path.split('/', 1)[0])
      for (const files of [...roots.values()].slice(0, attachmentsMax)) void begin(files)
    },
    [begin],
  )

  const drop = useCallback(
    (id: number) => {
      const way = ways.current.get(id)
      ways.current.delete(id)
      way?.controller.abort()
      if (way?.share !== undefined) peerhood.shares.remove(way.share).catch(() => undefined)
      setUploads((all) => all.filter((one) => one.id !== id))
    },
    [peerhood],
  )

  const take = () => {
    const ready = uploads.flatMap(({ attachment }) => (attachment === undefined ? [] : [attachment]))
    setUploads([])
    ways.current.clear()
    return ready
  }

  return { uploads, add, drop, take }
}

async function readyAttachment(
  peerhood: Peerhood,
  id: string,
  mediaType: string,
  signal: AbortSignal,
): Promise<Attachment> {
  const share = await peerhood.shares.ready(id, { signal })
  return { name: share.name ?? 'file', mediaType, bytes: share.bytes, link: share.link ?? '' }
}

function typeOf(files: readonly Chosen<File>[]): string {
  const [first] = files
  if (first === undefined || first.path.includes('/')) return folderType
  return /^[\w.+-]{1,63}\/[\w.+-]{1,63}$/.test(first.body.type) ? first.body.type : 'application/octet-stream'
}
