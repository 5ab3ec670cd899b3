// A PDF in the browser's own viewer, inside the page: it asks the daemon for what it wants to draw. Where the browser has
// no such viewer (phones), another program shows it.

import { ButtonLink } from '../../ui/button.tsx'
import { Elsewhere } from './elsewhere.tsx'

export function PdfFile({ url, name, arriving }: { url: string; name: string; arriving: boolean }) {
  if (!navigator.pdfViewerEnabled) {
    return (
      <Elsewhere url={url} title="This browser does not show PDF inside a page" icon="open">
        Open it in a tab of its own, or save a copy.
      </Elsewhere>
    )
  }
  return (
    <>
      {/* Without `sandbox`: browsers refuse to start their viewer inside of it. The answer's own headers keep it harmless
          (src/api/headers.ts). */}
      <iframe className="viewer-document" src={url} title={name} />
      <div className="viewer-foot">
        <p className="soft small">
          {arriving && 'Firefox shows each page as soon as it is here; Chrome waits until all of them are.'}
        </p>
        <ButtonLink href={url} icon="open" newTab>
          Open in a tab
        </ButtonLink>
      </div>
    </>
  )
}
