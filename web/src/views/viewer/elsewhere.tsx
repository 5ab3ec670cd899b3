// What the page cannot show: a way to something that can.

import { ButtonLink } from '../../ui/button.tsx'
import { Empty } from '../../ui/parts.tsx'

interface ElsewhereProps {
  readonly url: string
  readonly title: string
  readonly icon: 'open' | 'download'
  readonly children: string
}

export function Elsewhere({ url, title, icon, children }: ElsewhereProps) {
  const action =
    icon === 'open' ? (
      <ButtonLink href={url} look="primary" icon="open" newTab>
        Open in a tab
      </ButtonLink>
    ) : (
      <ButtonLink href={url} look="primary" icon="download" download>
        Save a copy
      </ButtonLink>
    )
  return (
    <Empty icon="file" title={title} actions={action}>
      {children}
    </Empty>
  )
}
