// One file, shown in the page while it arrives. Media elements and PDF viewers ask the daemon for the ranges they need;
// what comes from strangers never becomes a document that runs in our origin.

import { useEffect, useState } from 'react'
import type { ContentOf } from '../../../../src/sdk/types.ts'
import { baseName, bytesText } from '../../format/core.ts'
import { type Failure, toFailure, useDaemon, useWorld } from '../../store/hooks.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { PageHead, ProblemNote } from '../../ui/parts.tsx'
import { Arriving } from './arriving.tsx'
import { viewingOf } from './core.ts'
import { Elsewhere } from './elsewhere.tsx'
import { PdfFile } from './pdf-file.tsx'
import { TextFile } from './text-file.tsx'
import './style.css'

interface ViewerProps {
  readonly of: 'share' | 'transfer'
  readonly id: string
  readonly path: string
}

interface Head {
  readonly mediaType: string
  readonly bytes: number
}

export function ViewerView({ of, id, path }: ViewerProps) {
  const { peerhood } = useDaemon()
  const content: ContentOf = of === 'share' ? { share: id } : { transfer: id }
  const { head, failure } = useHead(content, path)
  const url = peerhood.contentUrl(content, path)
  const transfer = useWorld((world) => (of === 'transfer' ? world.transfers.get(id) : undefined))
  const arriving = transfer !== undefined && transfer.state !== 'done'
  return (
    <div className="viewer">
      <PageHead
        title={baseName(path)}
        actions={
          <>
            <ButtonLink href={of === 'share' ? '#/shares' : '#/transfers'} icon="back">
              Back
            </ButtonLink>
            <ButtonLink href={peerhood.contentUrl(content, path, { download: true })} icon="download" download>
              Save a copy
            </ButtonLink>
          </>
        }
      >
        {head === undefined ? path : `${head.mediaType.split(';')[0]}, ${bytesText(head.bytes)}`}
      </PageHead>
      {arriving && <Arriving transfer={transfer} />}
      {failure !== undefined && <ProblemNote problem={failure} />}
      {head !== undefined && <Content of={content} path={path} url={url} head={head} arriving={arriving} />}
    </div>
  )
}

interface ContentProps {
  readonly of: ContentOf
  readonly path: string
  readonly url: string
  readonly head: Head
  readonly arriving: boolean
}

function Content({ of, path, url, head, arriving }: ContentProps) {
  const name = baseName(path)
  switch (viewingOf(head.mediaType, head.bytes)) {
    case 'image':
      return <img className="viewer-media" src={url} alt={name} />
    case 'video':
      // biome-ignore lint/a11y/useMediaCaption: captions are in the file, or there are none
      return <video className="viewer-media" src={url} controls aria-label={name} />
    case 'audio':
      // biome-ignore lint/a11y/useMediaCaption: captions are in the file, or there are none
      return <audio className="viewer-audio" src={url} controls aria-label={name} />
    case 'text':
      return <TextFile of={of} path={path} bytes={head.bytes} />
    case 'pdf':
      return <PdfFile url={url} name={name} arriving={arriving} />
    case 'none':
      return (
        <Elsewhere url={url} title="This kind of file opens in a program of its own" icon="download">
          Save a copy, or open it where it lies on this computer.
        </Elsewhere>
      )
  }
}

/** Type and size, without waiting for any content: the answer's head comes first, its body is left alone. */
function useHead(of: ContentOf, path: string): { head?: Head; failure?: Failure } {
  const { peerhood } = useDaemon()
  const [state, setState] = useState<{ head?: Head; failure?: Failure }>({})
  const key = 'share' in of ? of.share : of.transfer
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is the value of `of`
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    peerhood
      .openContent(of, path, { signal })
      .then(
        ({ mediaType, bytes, body }) => {
          setState({ head: { mediaType, bytes } })
          return body.cancel()
        },
        (error: unknown) => {
          if (!signal.aborted) setState({ failure: toFailure(error) })
        },
      )
      .catch(() => undefined)
    return () => controller.abort()
  }, [peerhood, key, path])
  return state
}
