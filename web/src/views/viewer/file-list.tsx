// The files of a share or transfer, page by page as the daemon gives them, with their progress while they arrive.

import { useEffect, useState } from 'react'
import type { ContentOf, File, Files } from '../../../../src/sdk/types.ts'
import { baseName, bytesText, percent } from '../../format/core.ts'
import { routeHref } from '../../router/core.ts'
import { type Failure, toFailure, useDaemon } from '../../store/hooks.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Badge, Note, Progress } from '../../ui/parts.tsx'

const filesPerPage = 25
const rereadMs = 1500

/** `live`: progress moves, so the page is read again and again. */
export function FileList({ of, live }: { of: ContentOf; live: boolean }) {
  const [page, setPage] = useState(0)
  const { files, failure } = useFiles(of, page, live)
  if (failure !== undefined) return <Note tone="warn" title={failure.sentence} />
  if (files === undefined) return <p className="soft">Reading the list…</p>
  if (files.total === 0) return <p className="soft">The list of files is not known yet.</p>
  return (
    <>
      <ul className="files">
        {files.files.map((file) => (
          <FileLine key={file.path} of={of} file={file} />
        ))}
      </ul>
      <Pager what="files" total={files.total} perPage={filesPerPage} page={page} onPage={setPage} />
    </>
  )
}

function FileLine({ of, file }: { of: ContentOf; file: File }) {
  const { peerhood } = useDaemon()
  const whole = file.bytesDone >= file.bytes
  return (
    <li>
      <span className="file-name cut" title={file.path}>
        <FileName path={file.path} />
      </span>
      <span className="file-size figures">
        {whole || file.bytes === 0
          ? bytesText(file.bytes)
          : `${percent(file.bytesDone, file.bytes)} % of ${bytesText(file.bytes)}`}
      </span>
      {file.wanted ? (
        <span className="actions">
          <ButtonLink look="quiet" icon="eye" iconOnly about={file.path} href={viewerHref(of, file.path)}>
            Open
          </ButtonLink>
          <ButtonLink
            look="quiet"
            icon="download"
            iconOnly
            about={file.path}
            download
            href={peerhood.contentUrl(of, file.path, { download: true })}
          >
            Save a copy of
          </ButtonLink>
        </span>
      ) : (
        <Badge>not wanted</Badge>
      )}
      {!whole && file.wanted && file.bytesDone > 0 && (
        <Progress label={file.path} done={file.bytesDone} all={file.bytes} />
      )}
    </li>
  )
}

/** The folders stand back, so that names can be compared. Each part keeps its own direction of writing to itself. */
function FileName({ path }: { path: string }) {
  const name = baseName(path)
  return (
    <>
      <bdi className="soft">{path.slice(0, path.length - name.length)}</bdi>
      <bdi>{name}</bdi>
    </>
  )
}

export function viewerHref(of: ContentOf, path: string): string {
  return 'share' in of
    ? routeHref({ place: 'viewer', of: 'share', id: of.share, path })
    : routeHref({ place: 'viewer', of: 'transfer', id: of.transfer, path })
}

function useFiles(of: ContentOf, page: number, live: boolean) {
  const { peerhood } = useDaemon()
  const [state, setState] = useState<{ files?: Files; failure?: Failure }>({})
  const { calls, id } =
    'share' in of ? { calls: peerhood.shares, id: of.share } : { calls: peerhood.transfers, id: of.transfer }
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = async () => {
      try {
        const files = await calls.files(id, { offset: page * filesPerPage, limit: filesPerPage, signal })
        setState({ files })
      } catch (error) {
        if (!signal.aborted) setState((before) => ({ ...before, failure: toFailure(error) }))
      }
      if (live && !signal.aborted) timer = setTimeout(() => void read(), rereadMs)
    }
    void read()
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [calls, id, page, live])
  return state
}
