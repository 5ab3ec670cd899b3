// A file that came with a message: a share like any other. A picture is shown once it is on this computer (a share of its
// own, or got from others); nothing is fetched unasked unless its person has said so in the settings.

import { useEffect, useState } from 'react'
import type { Attachment, ContentOf, Transfer } from '../../../../src/sdk/types.ts'
import { bytesText, percent } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Progress } from '../../ui/parts.tsx'
import { isActive } from '../transfers/core.ts'
import { viewerHref } from '../viewer/file-list.tsx'
import { isPicture } from './core.ts'
import { pictureBytesMax, showsPictures } from './preferences.ts'

export function AttachmentView({ attachment }: { attachment: Attachment }) {
  const place = usePlace(attachment)
  const isShown = isPicture(attachment.mediaType) && place.content !== undefined
  useUnaskedPicture(attachment, place)
  return (
    <div className="attachment">
      {isShown && place.content !== undefined && (
        <Picture attachment={attachment} of={place.content} arrived={arrivedOf(place.transfer)} />
      )}
      <div className="attachment-line">
        <AttachmentName attachment={attachment} />
        <AttachmentActions attachment={attachment} place={place} />
      </div>
      {place.transfer !== undefined && isActive(place.transfer) && <Arriving transfer={place.transfer} />}
    </div>
  )
}

export function AttachmentName({ attachment }: { attachment: Attachment }) {
  return (
    <span className="attachment-name">
      <Icon name={attachment.mediaType === folderType ? 'folder' : 'file'} size={18} />
      <bdi className="cut" title={attachment.name}>
        {attachment.name}
      </bdi>
      <span className="soft small figures">{bytesText(attachment.bytes)}</span>
    </span>
  )
}

/** As freedesktop.org's shared MIME database calls it; there is no registered type for folders. */
export const folderType = 'inode/directory'

/** Changes whenever something of it has arrived. */
function arrivedOf(transfer: Transfer | undefined): string {
  return transfer === undefined ? 'here' : `${transfer.state} ${transfer.bytesDone}`
}

/** What can't be shown, as nobody sends it now, is asked for again once more of it is here. */
function Picture({ attachment, of, arrived }: { attachment: Attachment; of: ContentOf; arrived: string }) {
  const { peerhood } = useDaemon()
  const [askedAt, setAskedAt] = useState(arrived)
  const [failed, setFailed] = useState(false)
  if (failed && askedAt !== arrived) {
    setAskedAt(arrived)
    setFailed(false)
  }
  if (failed) return null
  return (
    <a className="attachment-picture" href={viewerHref(of, attachment.name)}>
      <img
        key={askedAt}
        src={peerhood.contentUrl(of, attachment.name)}
        alt={attachment.name}
        loading="lazy"
        decoding="async"
        onError={() => setFailed(true)}
      />
    </a>
  )
}

function Arriving({ transfer }: { transfer: Transfer }) {
  return (
    <div className="attachment-progress">
      <Progress label={`Getting ${transfer.name ?? 'a file'}`} done={transfer.bytesDone} all={transfer.bytes} />
      <span className="soft small figures">
        {transfer.bytes > 0 ? `${percent(transfer.bytesDone, transfer.bytes)} %` : transfer.sentence}
      </span>
    </div>
  )
}

interface FilePlace {
  readonly shareId: string | undefined
  /** Where it can be read here. */
  readonly content: ContentOf | undefined
  readonly transfer: Transfer | undefined
}

function AttachmentActions({ attachment, place }: { attachment: Attachment; place: FilePlace }) {
  const get = useGet(attachment)
  const { content, transfer } = place
  if (content === undefined && !(transfer !== undefined && isActive(transfer))) {
    return (
      <Button look="quiet" icon="download" about={attachment.name} onClick={get}>
        {isPicture(attachment.mediaType) ? 'Show' : 'Get'}
      </Button>
    )
  }
  if (content === undefined || attachment.mediaType === folderType) {
    return (
      <ButtonLink look="quiet" href={transfer === undefined ? '#/shares' : '#/transfers'} about={attachment.name}>
        {transfer === undefined ? 'In shares' : 'In transfers'}
      </ButtonLink>
    )
  }
  return (
    <ButtonLink look="quiet" icon="eye" about={attachment.name} href={viewerHref(content, attachment.name)}>
      Open
    </ButtonLink>
  )
}

/** What a link names does not change, and is asked once. */
const shareIds = new Map<string, string>()

function usePlace(attachment: Attachment): FilePlace {
  const { peerhood } = useDaemon()
  const { link } = attachment
  const [shareId, setShareId] = useState(() => shareIds.get(link))
  useEffect(() => {
    if (shareIds.has(link)) return
    const controller = new AbortController()
    peerhood.links.inspect({ link }, { signal: controller.signal }).then(
      (inspected) => {
        if (inspected.kind !== 'read') return
        shareIds.set(link, inspected.shareId)
        setShareId(inspected.shareId)
      },
      () => undefined,
    )
    return () => controller.abort()
  }, [peerhood, link])
  const share = useWorld((world) => (shareId === undefined ? undefined : world.shares.get(shareId)))
  const transfer = useWorld((world) =>
    [...world.transfers.values()].find((one) => one.shareId === shareId && one.mode === 'get'),
  )
  const isOwn = share?.origin === 'own' && share.state !== 'failed'
  // Its name is there before the list of its files is; until then there is nothing to ask for.
  const isHere =
    transfer !== undefined && transfer.state !== 'cancelled' && transfer.state !== 'failed' && transfer.files > 0
  const content = isOwn ? { share: share.id } : isHere ? { transfer: transfer.id } : undefined
  return { shareId, content, transfer }
}

function useGet(attachment: Attachment): () => void {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { warn } = useShell()
  return () => {
    peerhood.transfers.add({ link: attachment.link }).then(
      (transfer) => learn({ type: 'transfer', transfer }),
      (error: unknown) => warn(toFailure(error)),
    )
  }
}

/** Once for each link and page, so that what was cancelled stays so. */
const fetchedUnasked = new Set<string>()

function useUnaskedPicture(attachment: Attachment, { shareId, content, transfer }: FilePlace): void {
  const get = useGet(attachment)
  const isWanted =
    showsPictures() &&
    shareId !== undefined &&
    content === undefined &&
    transfer === undefined &&
    isPicture(attachment.mediaType) &&
    attachment.bytes <= pictureBytesMax
  useEffect(() => {
    if (!isWanted || fetchedUnasked.has(attachment.link)) return
    fetchedUnasked.add(attachment.link)
    get()
  })
}
