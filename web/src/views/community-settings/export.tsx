// Takes a community along as a file. The lines are gathered out of sight of the person until the last one is here, and only
// then handed to the browser as a download: so half an export never lies among their files.

import { useEffect, useRef, useState } from 'react'
import type { Community, ExportLine } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { ProblemNote, Progress } from '../../ui/parts.tsx'
import { saveFile } from '../../ui/save.ts'

interface Figures {
  readonly entries: number
  readonly entriesTotal: number
}

export function ExportPart({ community }: { community: Community }) {
  const { figures, action, start, stop } = useExport(community)
  return (
    <>
      <p className="soft small export-text">
        The export is a file of lines in JSON: every entry with its signature, and all that you may read in plain words.
        Keep it as safe as the community itself.
      </p>
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      {action.busy && figures !== undefined && (
        <>
          <Progress label="Progress of the export" done={figures.entries} all={figures.entriesTotal} />
          <p className="soft small figures">
            {figures.entries.toLocaleString('en')} of {countText(figures.entriesTotal, 'entry', 'entries')}
          </p>
        </>
      )}
      <div className="actions">
        {action.busy && (
          <Button about="the export" onClick={stop}>
            Cancel
          </Button>
        )}
        <Button icon="download" busy={action.busy} onClick={start}>
          {action.busy ? 'Exporting' : 'Export'}
        </Button>
      </div>
    </>
  )
}

function useExport(community: Community) {
  const { peerhood } = useDaemon()
  const { say } = useShell()
  const action = useAction()
  const [figures, setFigures] = useState<Figures>()
  const controller = useRef<AbortController>(undefined)
  useEffect(() => () => controller.current?.abort(), [])
  const start = () => {
    if (action.busy) return
    controller.current = new AbortController()
    const { signal } = controller.current
    void action.run(async () => {
      try {
        const file = await gather(peerhood.communities.export(community.id, { signal }), setFigures)
        if (signal.aborted) return
        saveFile(file, `community-${community.id.slice(0, 10)}.jsonl`)
        say('The export is among your downloads')
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        setFigures(undefined)
      }
    })
  }
  return { figures, action, start, stop: () => controller.current?.abort() }
}

const figuresEveryMs = 100
/** Text is handed to the browser in pieces of this size: it keeps large ones outside the page's own memory. */
const pieceCharsMin = 1_000_000

async function gather(lines: AsyncIterable<ExportLine>, tell: (figures: Figures) => void): Promise<Blob> {
  const pieces: Blob[] = []
  let texts: string[] = []
  let chars = 0
  let figures: Figures = { entries: 0, entriesTotal: 0 }
  let toldMs = Number.NEGATIVE_INFINITY
  const flush = () => {
    pieces.push(new Blob(texts))
    texts = []
    chars = 0
  }
  for await (const line of lines) {
    const text = `${JSON.stringify(line)}\n`
    texts.push(text)
    chars += text.length
    if (chars >= pieceCharsMin) flush()
    figures = counted(figures, line)
    if (performance.now() - toldMs < figuresEveryMs) continue
    toldMs = performance.now()
    tell(figures)
  }
  flush()
  return new Blob(pieces, { type: 'application/x-ndjson' })
}

/** What arrives meanwhile is exported, too. */
function counted({ entries, entriesTotal }: Figures, line: ExportLine): Figures {
  if (line.type === 'export') return { entries, entriesTotal: line.community.entries }
  if (line.type !== 'entry') return { entries, entriesTotal }
  return { entries: entries + 1, entriesTotal: Math.max(entriesTotal, entries + 1) }
}
